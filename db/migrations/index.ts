import type { Knex } from 'knex';
import * as organizations from './0001-organizations.ts';
import * as outbox from './0002-outbox.ts';
import * as taxesAndCustomers from './0003-taxes-and-customers.ts';
import * as plans from './0004-plans.ts';
import * as subscriptions from './0005-subscriptions.ts';
import * as events from './0006-events.ts';
import * as invoices from './0007-invoices.ts';
import * as webhooksAndDocuments from './0008-webhooks-and-documents.ts';
import * as expressions from './0009-expressions.ts';
import * as filtersAndGroups from './0010-filters-and-groups.ts';
import * as instantUsage from './0011-instant-usage.ts';
import * as minimumCommitments from './0012-minimum-commitments.ts';
import * as coupons from './0013-coupons.ts';
import * as creditNotes from './0014-credit-notes.ts';
import * as invoiceLifecycle from './0015-invoice-lifecycle.ts';
import * as addOns from './0016-add-ons.ts';
import * as progressiveBilling from './0017-progressive-billing.ts';
import * as planChanges from './0018-plan-changes.ts';
import * as planOverrides from './0019-plan-overrides.ts';
import * as usageRollups from './0020-usage-rollups.ts';
import * as usage from './0021-usage.ts';
import * as logos from './0022-logos.ts';
import * as euTaxes from './0023-eu-taxes.ts';
import * as dataExports from './0024-data-exports.ts';
import * as unroundedUnits from './0025-unrounded-units.ts';
import * as knownFirstSteps from './0026-known-first-steps.ts';

/** Numbered and forward only. A migration that has been released is never edited. */
export const migrations: Readonly<Record<string, { up(knex: Knex): Promise<void> }>> = {
  '0001-organizations': organizations,
  '0002-outbox': outbox,
  '0003-taxes-and-customers': taxesAndCustomers,
  '0004-plans': plans,
  '0005-subscriptions': subscriptions,
  '0006-events': events,
  '0007-invoices': invoices,
  '0008-webhooks-and-documents': webhooksAndDocuments,
  '0009-expressions': expressions,
  '0010-filters-and-groups': filtersAndGroups,
  '0011-instant-usage': instantUsage,
  '0012-minimum-commitments': minimumCommitments,
  '0013-coupons': coupons,
  '0014-credit-notes': creditNotes,
  '0015-invoice-lifecycle': invoiceLifecycle,
  '0016-add-ons': addOns,
  '0017-progressive-billing': progressiveBilling,
  '0018-plan-changes': planChanges,
  '0019-plan-overrides': planOverrides,
  '0020-usage-rollups': usageRollups,
  '0021-usage': usage,
  '0022-logos': logos,
  '0023-eu-taxes': euTaxes,
  '0024-data-exports': dataExports,
  '0025-unrounded-units': unroundedUnits,
  '0026-known-first-steps': knownFirstSteps,
};
