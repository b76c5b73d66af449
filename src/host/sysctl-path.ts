// Where a kernel parameter is.

/** The file of a parameter; in dotted names a slash stands for a dot that belongs to the name: `net.ipv4.conf.eth0/1.arp_ignore`. */
export function sysctlPath(name: string): string {
  return `/proc/sys/${name.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'))}`;
}
