/** Whether a name or an address of a host is this machine, however it is written. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|[a-z0-9-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?)\.?$/i.test(host)
