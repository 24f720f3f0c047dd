import { request } from 'undici';
import type { VatNumber } from '../../billing/taxes/eu/vat-number.ts';

/** What the register knows of a number, as it says it; or why it could not be asked. */
export type RegisterAnswer =
  | { readonly kind: 'answered'; readonly isValid: boolean; readonly answer: Readonly<Record<string, unknown>> }
  | { readonly kind: 'failed'; readonly error: string };

export interface RegisterOptions {
  readonly url: string;
  readonly timeout_milliseconds: number;
  /** Aborted when this process stops. */
  readonly signal: AbortSignal;
}

/**
 * VIES, the Commission's register of VAT numbers: `POST /check-vat-number`. It asks the member state's own register, which is often closed:
 * `actionSucceed: false` with the reason. Never throws for what the network or the register does.
 */
export async function askRegister(
  { country_code, vat_number }: VatNumber,
  { url, timeout_milliseconds, signal }: RegisterOptions,
): Promise<RegisterAnswer> {
  try {
    const { statusCode, body } = await request(`${url}/check-vat-number`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ countryCode: country_code, vatNumber: vat_number }),
      headersTimeout: timeout_milliseconds,
      bodyTimeout: timeout_milliseconds,
      signal: AbortSignal.any([signal, AbortSignal.timeout(3 * timeout_milliseconds)]),
    });
    return readAnswer(statusCode, parse(await body.text()));
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as { code?: string; message?: string };
    return { kind: 'failed', error: code ?? message ?? 'unreachable' };
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readAnswer(status: number, answer: Record<string, unknown>): RegisterAnswer {
  if (typeof answer['valid'] === 'boolean') return { kind: 'answered', isValid: answer['valid'], answer };
  const [first] = (answer['errorWrappers'] ?? []) as { error?: unknown }[];
  return { kind: 'failed', error: typeof first?.error === 'string' ? first.error : `HTTP ${status}` };
}
