import type { Context, Middleware, Next } from 'koa';
import type { Logger } from 'pino';
import { BillingError, type BillingErrorKind, badRequest, invalid } from '../../billing/errors.ts';
import { duplicatedColumn, isDataException, isLostRace, isUnavailable } from '../../db/failures.ts';

const statuses: Record<BillingErrorKind, number> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  not_allowed: 405,
  conflict: 409,
  invalid: 422,
};

const reasons: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export interface ErrorBody {
  readonly status: number;
  readonly error: string;
  readonly code?: string;
  readonly error_details?: unknown;
  /** For people: what exactly is wrong, where the codes leave it open. */
  readonly message?: string;
}

export function errorBody(status: number, code?: string, error_details?: unknown): ErrorBody {
  return {
    status,
    error: reasons[status] ?? 'Error',
    ...(code !== undefined && { code }),
    ...(error_details !== undefined && { error_details }),
  };
}

/** Errors of Koa and of the body parser carry a status; only those that blame the caller are passed on. */
function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** From what was thrown to what the caller is told. Undefined: a bug of ours. */
export function translate(error: unknown): ErrorBody | undefined {
  if (error instanceof BillingError) {
    const status = statuses[error.kind];
    if (error.kind === 'bad_request') return { status, error: `BadRequest: ${error.code}` };
    if (error.kind === 'unauthorized') return errorBody(status);
    const body = errorBody(status, error.code, error.details);
    return error.explanation === undefined ? body : { ...body, message: error.explanation };
  }
  if (isUnavailable(error)) return errorBody(503, 'service_unavailable');
  if (isLostRace(error)) return errorBody(422, 'lock_acquisition_failed');
  const column = duplicatedColumn(error);
  if (column !== undefined) return translate(invalid({ [column]: ['value_already_exist'] }));
  if (isDataException(error)) return translate(invalid({ base: ['value_is_invalid'] }));
  // Stringifying or walking what a caller nested thousands of levels deep.
  if (error instanceof RangeError && error.message.startsWith('Maximum call stack'))
    return translate(badRequest('too deeply nested'));
  const status = statusOf(error);
  if (status === 413) return errorBody(413, 'body_too_large');
  if (status === 415) return errorBody(415, 'unsupported_media_type');
  if (status !== undefined) return translate(badRequest('error occurred while parsing request parameters'));
  return undefined;
}

/** Turns whatever is thrown into a JSON answer. A bug is logged whole and told to nobody. */
export function answerErrors(log: Logger): Middleware {
  return async (context: Context, next: Next) => {
    try {
      await next();
    } catch (error) {
      const body = translate(error);
      if (body === undefined) log.error({ err: error, route: context.state.route as unknown }, 'request failed');
      else if (body.status === 503)
        log.warn({ reason: (error as Error).message, code: (error as { code?: string }).code }, 'database unavailable');
      context.status = body?.status ?? 500;
      context.body = body ?? errorBody(500);
    }
  };
}
