/** All kinds of addresses, by scheme. A new transport that has an address is one file and one line here. */
import type { AddressKind } from './address-kind.ts';
import { pipe } from './pipe.ts';
import { pts } from './pts.ts';
import { tcp } from './tcp.ts';
import { tls } from './tls.ts';
import { unix } from './unix.ts';
import { ws, wss } from './websocket.ts';

export const addressKinds = { unix, tcp, tls, ws, wss, pts, pipe } satisfies Record<string, AddressKind>;
