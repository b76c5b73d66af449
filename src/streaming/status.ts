// How a command's end is told to its client, on the error stream.
import { errorMessage } from '../errors.ts';

/** The outcome of an exec or attach: an exit code, or why it failed. */
export type Outcome = { readonly exitCode: number } | { readonly error: unknown };

/** From version 4 on a metav1.Status as JSON, before it text, and nothing for success. */
export type StatusForm = 'json' | 'text';

/** The bytes for the error stream. @see Kubernetes metav1.Status */
export function formatStatus(outcome: Outcome, form: StatusForm): string {
  if (form === 'json') return JSON.stringify({ metadata: {}, ...toStatus(outcome) });
  const { message } = toStatus(outcome);
  return message ?? '';
}

interface Status {
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
}

function toStatus(outcome: Outcome): Status {
  if ('error' in outcome) {
    const message = errorMessage(outcome.error);
    return {
      status: 'Failure',
      message: `Internal error occurred: ${message}`,
      reason: 'InternalError',
      details: { causes: [{ message }] },
      code: 500,
    };
  }
  const { exitCode } = outcome;
  if (exitCode === 0) return { status: 'Success' };
  return {
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
