// Logging: pino on standard error, secrets redacted, one child per component, object or request.
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

import { currentRequest } from './request-context.ts';

export type Logger = PinoLogger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

// The fields api.proto marks debug_redact, wherever they sit in a logged object.
const SECRET_FIELDS = ['password', 'auth', 'identityToken', 'registryToken', 'authorization'];

/** A logger that writes JSON lines; `destination` is standard error when not given. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      mixin: currentRequest,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describe },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

// pino puts the messages of an error's causes behind its own, which holds them already: each would be there twice or thrice.
function describe(error: Error): unknown {
  const described: object = pino.stdSerializers.err(error);
  // What is no error comes back as it is.
  return described === error ? error : { ...described, message: error.message };
}
