/** Properties that the models of disks share. */
import { blockSize, flag, oneOf, type PropertyTypes, signed, text, UNSAID, unsigned } from '../properties.ts';

/** A switch that may be left to the device. */
export const onOffAuto = oneOf('OnOffAuto', ['auto', 'on', 'off'], 'auto');

/** Of all that use a drive. */
export const DRIVE: PropertyTypes = {
  drive: text,
  logical_block_size: blockSize,
  physical_block_size: blockSize,
  min_io_size: unsigned(16, 0),
  opt_io_size: unsigned(32, 0),
  discard_granularity: unsigned(32, UNSAID),
  'write-cache': onOffAuto,
  'share-rw': flag(false),
};

const ACTIONS = ['report', 'ignore', 'enospc', 'stop', 'auto'];

/** Of those that can stop the machine for an error. */
export const ERRORS: PropertyTypes = {
  rerror: oneOf('BlockdevOnError', ACTIONS, 'auto'),
  werror: oneOf('BlockdevOnError', ACTIONS, 'auto'),
};

/** Of those that a guest can start from. */
export const BOOT: PropertyTypes = { bootindex: signed(-1) };

/** Cylinders, heads, sectors. */
export const GEOMETRY: PropertyTypes = {
  cyls: unsigned(32, 0),
  heads: unsigned(32, 0),
  secs: unsigned(32, 0),
};

/** Of what the guest can read about the disk. */
export const SERIAL: PropertyTypes = { serial: text };
