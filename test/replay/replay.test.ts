import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/bundle.ts';
import '../support/quiet-temporal.ts';
import { type RecordedHistory, countActions, payloadTexts, readHistories } from './histories.ts';
import { PRIVATE } from './stories.ts';

const CACHE_DIR = join(import.meta.dirname, '../../node_modules/.cache/perennial');
const SIZE_MAX_BYTES = 32_000;

/** Every kind of run there is: a change to a workflow must be able to go on from each. */
const KINDS = [
  'clock/sandbox-rung-advance-clock-over',
  'deletion/live-rung-timed-end-subscriptions',
  'deletion/live-timed-finalize-drafts',
  'deletion/live-timed-delete-plan-over',
  'dataExport/live-rung-timed-write-export',
  'dataExport/live-timed-mail-export',
  'dataExport/live-timed-expire-export-over',
  'vatCheck/live-rung-check-vat-number',
  'vatCheck/live-timed-check-vat-number-over',
  'invoice/live-rung-timed-refresh',
  'invoice/live-rung-timed-finalize',
  'invoice/live-timed-finalize',
  'invoice/live-render-invoice',
  'invoice/live-render-invoice-over',
  'invoice/live-timed-mark-overdue-over',
  'invoice/sandbox-render-invoice',
  'invoice/sandbox-render-invoice-over',
  'invoice/sandbox-rung-finalize',
  'invoice/sandbox-rung-mark-overdue-over',
  'invoice/sandbox-rung-render-invoice-over',
  'subscription/live-rung-timed-start',
  'subscription/live-timed-bill-end-over',
  'subscription/live-timed-bill-period',
  'subscription/live-timed-bill-start',
  'subscription/live-timed-bill-upgrade-over',
  'subscription/live-timed-charge-usage',
  'subscription/live-timed-check-thresholds',
  'subscription/live-timed-downgrade',
  'subscription/live-timed-end',
  'subscription/live-timed-end-trial',
  'subscription/live-timed-send-termination-alert',
  'subscription/sandbox-asleep',
  'subscription/sandbox-bill-start',
  'subscription/sandbox-rung-bill-period',
  'subscription/sandbox-rung-bill-upgrade-over',
  'subscription/sandbox-rung-downgrade-over',
  'subscription/sandbox-rung-end',
  'subscription/sandbox-rung-end-trial',
  'subscription/sandbox-rung-send-termination-alert',
  'subscription/sandbox-rung-start',
  'webhook-endpoint/sandbox-deliver-webhooks',
  'webhook-endpoint/sandbox-rung-deliver-webhooks',
  'webhook-endpoint/sandbox timed-deliver-webhooks',
];

const histories = readHistories();
const kindOf = ({ name }: RecordedHistory): string => name.replace(/\d{4}-\d{2}-\d{2}-|\.json$/g, '');

describe('recorded histories', () => {
  for (const { name, history } of histories)
    it(`${name} is what today’s code would have done`, async function () {
      this.timeout(60_000);
      const workflowBundle = await bundleWorkflows(CACHE_DIR);
      await Worker.runReplayHistory({ workflowBundle }, history);
    });

  it('are there of every kind', () => {
    const kinds = histories.map(kindOf);
    const isThere = (kind: string): boolean => kinds.some((one) => kind.split(' ').every((part) => one.includes(part)));
    assert.deepEqual(KINDS.filter((kind) => !isThere(kind)), []); // prettier-ignore
  });

  it('are a page long each', () => {
    for (const { name, size_bytes } of histories) assert(size_bytes < SIZE_MAX_BYTES, `${name}: ${size_bytes} bytes`);
  });

  it('tell nobody’s name or address, and no amount', () => {
    for (const { name, events } of histories) {
      const texts = events.flatMap(payloadTexts);
      assert(texts.length > 0);
      for (const text of texts) {
        for (const secret of Object.values(PRIVATE)) assert(!text.includes(String(secret)), `${name}: ${secret}`);
        assert.doesNotMatch(text, /_cents|amount|price|e-?mail|address|"name"|@/i, name);
      }
    }
  });
});

describe('what Temporal is paid for', () => {
  const actionsOf = (...kinds: string[]): number => {
    const runs = kinds.map((kind) => histories.find((history) => kindOf(history) === kind));
    return runs.reduce((sum, run) => sum + countActions(run!.events), 0);
  };

  it('a month of a subscription in arrears: a fresh run, a timer, a step; six would be many', () => {
    assert.equal(actionsOf('subscription/live-timed-bill-period'), 3);
  });

  it('an invoice that is final at once, and paid before it is overdue: a start and its printing, two more to wait, four to be told', () => {
    assert.equal(actionsOf('invoice/sandbox-render-invoice-over'), 2);
    // A fresh run and its timer; the signal that it is paid, the question what is next.
    assert.equal(actionsOf('invoice/live-render-invoice') + 2 + 2, 6);
  });

  it('an invoice that is final at once, and never paid: five', () => {
    assert.equal(actionsOf('invoice/live-render-invoice', 'invoice/live-timed-mark-overdue-over'), 5);
  });

  it('an invoice with a grace period that is never paid: eight, and three more each time that it is rung', () => {
    const lived = [
      'invoice/live-timed-finalize',
      'invoice/live-render-invoice',
      'invoice/live-timed-mark-overdue-over',
    ];
    assert.equal(actionsOf(...lived), 8);
  });
});
