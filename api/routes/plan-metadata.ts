import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { type PlanRow, updatePlan } from '../../db/plans.ts';
import type { Transaction } from '../../db/transaction.ts';
import { text } from '../contracts/fields.ts';
import { METADATA_KEYS_MAX, metadataObject, planMetadataInput } from '../contracts/metadata.ts';
import { type Operation, operation } from '../operation.ts';
import { announcePlan } from './plans/announce.ts';
import { lockPlanOf } from './plans/parts.ts';

const params = z.object({ code: text });
const body = z.object({ metadata: planMetadataInput.nullable() });
const answer = z.object({ metadata: metadataObject });
const tag = 'plans';
const object = 'plan';

type Metadata = PlanRow['metadata'];

async function store(
  trx: Transaction,
  plan: PlanRow,
  metadata: Metadata,
  at: Instant,
): Promise<{ metadata: Record<string, string | null> | null }> {
  const changed = await updatePlan(trx, plan.id, { metadata }, at);
  await announcePlan(trx, changed, 'updated', at);
  return { metadata: changed.metadata && { ...changed.metadata } };
}

export const planMetadataOperations: Operation[] = [
  operation({
    op: 'POST /plans/{code}/metadata',
    tag,
    summary: 'Replace the metadata of a plan',
    object,
    params,
    body,
    withoutRoot: true,
    answer,
    errors: [404, 422],
    async handle({ trx, at, params: { code }, body: { metadata } }) {
      return store(trx, await lockPlanOf(trx, code), metadata, at);
    },
  }),
  operation({
    op: 'PATCH /plans/{code}/metadata',
    tag,
    summary: 'Add to the metadata of a plan',
    object,
    params,
    body,
    withoutRoot: true,
    answer,
    errors: [404, 422],
    async handle({ trx, at, params: { code }, body: { metadata } }) {
      const plan = await lockPlanOf(trx, code);
      const merged = { ...plan.metadata, ...metadata };
      if (Object.keys(merged).length > METADATA_KEYS_MAX) throw invalid({ metadata: ['invalid_count'] });
      return store(trx, plan, metadata ? merged : plan.metadata, at);
    },
  }),
  operation({
    op: 'DELETE /plans/{code}/metadata',
    tag,
    summary: 'Take all metadata off a plan',
    object,
    params,
    answer,
    errors: [404],
    handle: async ({ trx, at, params: { code } }) => store(trx, await lockPlanOf(trx, code), null, at),
  }),
  operation({
    op: 'DELETE /plans/{code}/metadata/{key}',
    tag,
    summary: 'Take one key off the metadata of a plan',
    object,
    params: params.extend({ key: text }),
    answer,
    errors: [404],
    async handle({ trx, at, params: { code, key } }) {
      const plan = await lockPlanOf(trx, code);
      if (plan.metadata?.[key] === undefined) throw notFound('metadata');
      const { [key]: _gone, ...metadata } = plan.metadata;
      return store(trx, plan, metadata, at);
    },
  }),
];
