import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import proto, { type temporal } from '@temporalio/proto';

export const HISTORIES = join(import.meta.dirname, 'histories');

const { History } = proto.temporal.api.history.v1;

type Event = temporal.api.history.v1.IHistoryEvent;
type Payload = temporal.api.common.v1.IPayload;

export interface RecordedHistory {
  /** `subscription/2026-11-24-live-bill-period.json`. */
  readonly name: string;
  readonly size_bytes: number;
  readonly history: temporal.api.history.v1.IHistory;
  readonly events: readonly Event[];
}

/** A line for each event, so that a change shows in review. */
export function writeHistory(history: temporal.api.history.v1.IHistory): string {
  const { events } = History.toObject(history as temporal.api.history.v1.History, {
    longs: String,
    enums: String,
    bytes: String,
  });
  return `{"events":[\n${events.map((event: object) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

export function readHistories(): RecordedHistory[] {
  const names = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const text = readFileSync(join(HISTORIES, name), 'utf8');
      const history = History.fromObject(JSON.parse(text));
      return { name, size_bytes: Buffer.byteLength(text), history, events: history.events };
    });
}

/** Everything that was recorded of what our code said, as text: inputs, answers, summaries, search attributes. */
export function payloadTexts(value: unknown): string[] {
  if (value instanceof Uint8Array || value === null || typeof value !== 'object') return [];
  const { data } = value as Payload;
  if (data instanceof Uint8Array) return [Buffer.from(data).toString('utf8')];
  return Object.values(value).flatMap(payloadTexts);
}

/**
 * What a Temporal Cloud bill counts: starts (also as new), signals, timers, activities, search attributes written. Local activities of one
 * workflow task count once.
 */
export function countActions(events: readonly Event[]): number {
  const markers = events.filter((event) => event.markerRecordedEventAttributes);
  const tasks = new Set(
    markers.map((event) => String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId)),
  );
  const counted = events.filter(
    (event) =>
      event.workflowExecutionStartedEventAttributes ??
      event.workflowExecutionSignaledEventAttributes ??
      event.timerStartedEventAttributes ??
      event.activityTaskScheduledEventAttributes ??
      event.upsertWorkflowSearchAttributesEventAttributes,
  );
  return counted.length + tasks.size;
}
