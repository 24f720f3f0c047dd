/** A reason not to start that the operator can do something about. The message is one line and says what. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The last line a process says when it could not start. What nobody foresaw comes with its stack. */
export function explain(error: unknown): string {
  if (error instanceof StartError) return `perennial: ${error.message}`;
  return `perennial: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
