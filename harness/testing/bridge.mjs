// A child for tests: joins its standard input and output to the unix socket that it is given.
import { connect } from 'node:net';

const socket = connect({ path: process.argv[2], allowHalfOpen: true });
process.stdin.pipe(socket);
socket.on('data', (bytes) => process.stdout.write(bytes));
socket.on('end', () => process.exit(0));
socket.on('error', () => process.exit(1));
process.stdout.on('error', () => process.exit(1));
