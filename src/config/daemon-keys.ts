// The keys above all tables: directories and logging.
import { field, type Values } from './field.ts';
import { oneOf, path } from './value-types.ts';

export const DAEMON_FIELDS = {
  root: field('root', (places) => places.root, path, 'Images, records and container file systems; survives a reboot'),
  run: field('run', (places) => places.run, path, 'Sockets, pid files and pinned namespaces; at most 33 characters'),
  logLevel: field(
    'log_level',
    'info',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
    'Least important level that is logged',
  ),
};

export type DaemonKeys = Values<typeof DAEMON_FIELDS>;
