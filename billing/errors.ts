/** Field name to the codes of what is wrong with it; batches nest one level, by index. */
export type ErrorDetails = Record<string, string[] | string | Record<string, string[]>>;

export type BillingErrorKind =
  'bad_request' | 'unauthorized' | 'forbidden' | 'not_found' | 'not_allowed' | 'invalid' | 'conflict';

/** The caller is wrong. `code` is the wire's `code`; `api/middleware/errors.ts` maps `kind` to the HTTP status. */
export class BillingError extends Error {
  override readonly name = 'BillingError';
  readonly kind: BillingErrorKind;
  readonly code: string;
  readonly details: ErrorDetails | string | undefined;
  /** For people, where the codes leave open what exactly is wrong. */
  readonly explanation: string | undefined;

  constructor(kind: BillingErrorKind, code: string, details?: ErrorDetails | string, explanation?: string) {
    super(code);
    this.kind = kind;
    this.code = code;
    this.details = details;
    this.explanation = explanation;
  }
}

/** 400: a missing root key or a body that cannot be parsed. `message` follows `BadRequest: `. */
export const badRequest = (message: string): BillingError => new BillingError('bad_request', message);
/** 404 `<resource>_not_found`. */
export const notFound = (resource: string): BillingError => new BillingError('not_found', `${resource}_not_found`);
/** 405: the object's present state does not allow the action. */
export const notAllowed = (code: string): BillingError => new BillingError('not_allowed', code);
/** 403. */
export const forbidden = (code: string): BillingError => new BillingError('forbidden', code);
/** 409. */
export const conflict = (code: string): BillingError => new BillingError('conflict', code);
/** 422 `validation_errors`. */
export const invalid = (details: ErrorDetails | string, explanation?: string): BillingError =>
  new BillingError('invalid', 'validation_errors', details, explanation);
