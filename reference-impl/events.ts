/** The events of the reference. This list is what `query-events` and `query-qmp-schema` advertise. */
export const events = ['SHUTDOWN'] as const;

export type EventName = (typeof events)[number];
