import { type ExpressionEvent, evaluateExpression } from './expression.ts';
import { parseExpression } from './expression-parser.ts';

/** A metric's property that is computed of each event, rather than sent with it. */
export interface ComputedProperty {
  /** Null where events are counted: then the expression only says which events are refused. */
  readonly field_name: string | null;
  readonly expression: string;
}

/** The event with the property, whatever was sent in its place. @throws ExpressionError when it cannot be computed. */
export function withComputedProperty<T extends ExpressionEvent>(event: T, computed: ComputedProperty): T {
  const result = evaluateExpression(parseExpression(computed.expression), event);
  if (computed.field_name === null) return event;
  return { ...event, properties: { ...event.properties, [computed.field_name]: result } };
}
