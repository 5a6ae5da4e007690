/** Where a target listens: HOST[:PORT][,GROUP], an address of IPv6 in brackets. */
import { CommandError } from '../../qapi/command-error.ts';

/** Host and port of a target. */
export interface Portal {
  readonly host: string;
  readonly port: number;
}

const PORT = 3260;

/** Throws `CommandError` for what names no host. A port that is no number is one where nobody listens. */
export function parsePortal(text: string): Portal {
  if (text.startsWith('[') && !text.includes(']')) throw invalid(text, "Missing ']' in IPv6 address");
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:,]*))(?::([^,]*))?/.exec(text) ?? [];
  const host = v6 ?? name ?? '';
  if (host === '') throw unresolved(text);
  if (port === undefined) return { host, port: PORT };
  return { host, port: /^\d+$/.test(port) ? Number(port) % 2 ** 16 : 0 };
}

/** Of a portal whose host nobody knows. */
export function unresolved(portal: string): CommandError {
  return invalid(portal, 'Can not resolv into IPv4/v6.');
}

function invalid(portal: string, why: string): CommandError {
  return new CommandError(
    `iSCSI: Failed to connect to LUN : Failed to start full connect Invalid target:${portal}  ${why}`,
  );
}
