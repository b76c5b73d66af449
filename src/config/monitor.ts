// [monitor]: the program that supervises containers of "oci" handlers and outlives the daemon.
import { field, type Values } from './field.ts';
import { program } from './value-types.ts';

export const MONITOR_FIELDS = {
  conmon: field('conmon', 'conmon', program, 'conmon: an absolute path, or a name to be found in PATH'),
};

export type MonitorConfig = Values<typeof MONITOR_FIELDS>;
