// [streaming]: the server that exec, attach and port-forward connect to.
import { field, type Values } from './field.ts';
import { address, integer } from './value-types.ts';

export const STREAMING_FIELDS = {
  address: field('address', '127.0.0.1', address, 'Address to listen on; the kubelet is a local client'),
  port: field('port', 0, integer(0, 65_535), 'Port to listen on; 0 lets the kernel choose'),
};

export type StreamingConfig = Values<typeof STREAMING_FIELDS>;
