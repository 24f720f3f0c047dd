import { z } from 'zod';
import { customerTypes } from '../../billing/customers/customer.ts';
import type { CustomerFilters } from '../../db/customer-filters.ts';
import { billingEntityCode, country, currency, queryFlag, queryList, text } from './fields.ts';
import { paginationQuery } from './pagination.ts';

const METADATA = /^metadata\[(.+)\]$/;

/** Besides these, any number of `metadata[key]=value`. */
export const customerQuery = z
  .looseObject({
    ...paginationQuery,
    search_term: text.optional(),
    external_id: text.optional(),
    'account_type[]': queryList(z.enum(['customer', 'partner'])).optional(),
    customer_type: z.enum(customerTypes).optional(),
    has_customer_type: queryFlag.optional(),
    has_tax_identification_number: queryFlag.optional(),
    'countries[]': queryList(country).optional(),
    'states[]': queryList(text).optional(),
    'zipcodes[]': queryList(text).optional(),
    'currencies[]': queryList(currency).optional(),
    'billing_entity_codes[]': queryList(billingEntityCode).optional(),
  })
  .meta({ description: 'metadata[key]=value: all must match; an empty value finds those without the key' });

export function toFilters(query: z.output<typeof customerQuery>): CustomerFilters {
  const metadata = Object.entries(query).flatMap(([name, value]) => {
    const key = METADATA.exec(name)?.[1];
    return key !== undefined && typeof value === 'string' ? [{ key, value }] : [];
  });
  return {
    search_term: query.search_term,
    external_id: query.external_id,
    account_types: query['account_type[]'],
    customer_type: query.customer_type,
    has_customer_type: query.has_customer_type,
    has_tax_identification_number: query.has_tax_identification_number,
    countries: query['countries[]']?.filter((one) => one !== null),
    states: query['states[]'],
    zipcodes: query['zipcodes[]'],
    currencies: query['currencies[]'],
    metadata,
  };
}
