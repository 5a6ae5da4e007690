/** Commands that are not tried, since an endpoint that accepts them by mistake would no longer be what it was. */
export const NOT_TRIED: ReadonlyMap<string, string> = new Map([
  ['cont', 'starts the guest'],
  ['nbd-server-stop', 'stops the server of other cases'],
  ['quit', 'ends the endpoint'],
  ['stop', 'stops the guest'],
  ['system_powerdown', 'ends the guest'],
  ['system_reset', 'resets the guest'],
]);
