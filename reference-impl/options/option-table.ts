/**
 * QEMU's command line as data: every option that is taken, whether it has a value, and what is done with it. What is
 * done stands in `apply-options.ts`, under the names of `Step`. `nothing`: it concerns what this endpoint does not
 * have (processors, memory, displays, networks), so that it is read and has no effect.
 */

/** What an option makes or sets. */
export type Step =
  | 'accel'
  | 'add-fd'
  | 'blockdev'
  | 'chardev'
  | 'daemonize'
  | 'device'
  | 'drive'
  | 'export'
  | 'global'
  | 'help'
  | 'machine'
  | 'mon'
  | 'monitor'
  | 'name'
  | 'nbd-server'
  | 'no-defaults'
  | 'object'
  | 'pidfile'
  | 'qmp'
  | 'qmp-pretty'
  | 'qtest'
  | 'qtest-log'
  | 'read-config'
  | 'set'
  | 'snapshot'
  | 'stay-stopped'
  | 'uuid'
  | 'version'
  | 'nothing';

/** One option. `value`: how the help calls what follows it; absent if it stands alone. */
export interface OptionKind {
  readonly value?: string;
  readonly step: Step;
  /** Options that this one stands for, before its value: `-hda FILE` is a drive with these. */
  readonly drive?: string;
  readonly help: string;
}

const IGNORED = 'accepted, concerns nothing here';

const nothing = (value?: string): OptionKind =>
  value === undefined ? { step: 'nothing', help: IGNORED } : { value, step: 'nothing', help: IGNORED };

const disk = (index: number): OptionKind => ({
  value: 'file',
  step: 'drive',
  drive: `index=${index},media=disk`,
  help: `use file as hard disk ${index}`,
});

const floppy = (index: number): OptionKind => ({
  value: 'file',
  step: 'drive',
  drive: `if=floppy,index=${index}`,
  help: `use file as floppy disk ${index}`,
});

/** The options of a system emulator, by their names without dashes. */
export const QEMU_OPTIONS: Readonly<Record<string, OptionKind>> = {
  h: { step: 'help', help: 'display this help and exit' },
  help: { step: 'help', help: 'display this help and exit' },
  version: { step: 'version', help: 'display version information and exit' },

  blockdev: { value: '[driver=]driver[,node-name=N]...', step: 'blockdev', help: 'add a block node' },
  drive: { value: '[file=file][,if=type][,id=id]...', step: 'drive', help: 'add a drive with its image' },
  hda: disk(0),
  hdb: disk(1),
  hdc: disk(2),
  hdd: disk(3),
  cdrom: {
    value: 'file',
    step: 'drive',
    drive: 'index=2,media=cdrom',
    help: 'use file as CD-ROM of IDE bus 1',
  },
  fda: floppy(0),
  fdb: floppy(1),
  pflash: { value: 'file', step: 'drive', drive: 'if=pflash', help: 'use file as parallel flash image' },
  snapshot: { step: 'snapshot', help: 'write to temporary files instead of disk images' },
  'add-fd': { value: 'fd=fd,set=set[,opaque=opaque]', step: 'add-fd', help: 'add fd to /dev/fdset/set' },
  device: { value: 'driver[,prop[=value]]...', step: 'device', help: 'add a guest device' },
  object: { value: 'type[,prop=value]...', step: 'object', help: 'create an object' },
  global: { value: 'driver.prop=value', step: 'global', help: 'set a default of a property of devices' },
  set: { value: 'group.id.arg=value', step: 'set', help: 'set a parameter of an option with an id' },
  readconfig: { value: 'file', step: 'read-config', help: 'read options from a file' },
  nodefaults: { step: 'no-defaults', help: 'create no default drives' },
  machine: { value: '[type=]name[,prop=value]...', step: 'machine', help: 'pc, q35 or none' },
  M: { value: '[type=]name[,prop=value]...', step: 'machine', help: 'as -machine' },

  chardev: { value: 'backend,id=id[,options]', step: 'chardev', help: 'add a character device' },
  mon: { value: '[chardev=]name[,mode=readline|control]', step: 'mon', help: 'add a monitor on a chardev' },
  qmp: { value: 'dev', step: 'qmp', help: 'add a QMP monitor' },
  'qmp-pretty': { value: 'dev', step: 'qmp-pretty', help: 'as -qmp, with indented JSON' },
  monitor: { value: 'dev', step: 'monitor', help: 'add a human monitor' },

  qtest: {
    value: 'dev',
    step: 'qtest',
    help: 'speak the qtest protocol on dev: ports of a PC, memory, clock_step',
  },
  'qtest-log': { value: 'file', step: 'qtest-log', help: 'write down in file what is said on -qtest' },
  accel: {
    value: '[accel=]name',
    step: 'accel',
    help: 'qtest: the time of the guest passes only by clock_step; others concern nothing here',
  },

  S: { step: 'stay-stopped', help: 'do not start the guest (use cont)' },
  name: { value: '[guest=]name[,...]', step: 'name', help: 'name of the guest, told by query-name' },
  uuid: { value: 'uuid', step: 'uuid', help: 'UUID of the guest' },
  pidfile: { value: 'file', step: 'pidfile', help: 'write the process id to file' },
  daemonize: { step: 'daemonize', help: 'go into the background once started' },

  L: nothing('path'),
  D: nothing('logfile'),
  d: nothing('items'),
  acpitable: nothing('table'),
  action: nothing('event=action'),
  append: nothing('cmdline'),
  audiodev: nothing('audiodev'),
  bios: nothing('file'),
  boot: nothing('order'),
  chroot: nothing('dir'),
  cpu: nothing('cpu'),
  debugcon: nothing('dev'),
  dfilter: nothing('ranges'),
  display: nothing('display'),
  dtb: nothing('file'),
  echr: nothing('char'),
  'enable-kvm': nothing(),
  fsdev: nothing('fsdev'),
  'full-screen': nothing(),
  fw_cfg: nothing('entry'),
  g: nothing('WxH[xDEPTH]'),
  gdb: nothing('dev'),
  icount: nothing('icount'),
  incoming: nothing('uri'),
  initrd: nothing('file'),
  k: nothing('language'),
  kernel: nothing('file'),
  loadvm: nothing('tag'),
  m: nothing('size'),
  'mem-path': nothing('file'),
  'mem-prealloc': nothing(),
  msg: nothing('timestamp=on|off'),
  net: nothing('net'),
  netdev: nothing('netdev'),
  nic: nothing('nic'),
  'no-acpi': nothing(),
  'no-fd-bootchk': nothing(),
  'no-hpet': nothing(),
  'no-reboot': nothing(),
  'no-shutdown': nothing(),
  'no-user-config': nothing(),
  nodefconfig: nothing(),
  nographic: nothing(),
  numa: nothing('node'),
  'only-migratable': nothing(),
  overcommit: nothing('overcommit'),
  parallel: nothing('dev'),
  plugin: nothing('file'),
  preconfig: nothing(),
  realtime: nothing('mlock=on|off'),
  rtc: nothing('base=utc|localtime'),
  runas: nothing('user'),
  s: nothing(),
  sandbox: nothing('on|off'),
  seed: nothing('number'),
  serial: nothing('dev'),
  singlestep: nothing(),
  smbios: nothing('table'),
  smp: nothing('cpus'),
  spice: nothing('spice'),
  'tb-size': nothing('size'),
  tpmdev: nothing('tpm'),
  trace: nothing('events'),
  usb: nothing(),
  usbdevice: nothing('name'),
  vga: nothing('type'),
  virtfs: nothing('virtfs'),
  vnc: nothing('display'),
  watchdog: nothing('model'),
  'watchdog-action': nothing('action'),
};

/** Those of the storage daemon, which stand behind two dashes. */
export const STORAGE_DAEMON_OPTIONS: Readonly<Record<string, OptionKind>> = {
  help: { step: 'help', help: 'display this help and exit' },
  version: { step: 'version', help: 'output version information and exit' },
  blockdev: QEMU_OPTIONS.blockdev!,
  chardev: QEMU_OPTIONS.chardev!,
  daemonize: QEMU_OPTIONS.daemonize!,
  export: {
    value: '[type=]nbd,id=id,node-name=N[,name=name][,writable=on|off]',
    step: 'export',
    help: 'export a node over NBD',
  },
  monitor: { value: '[chardev=]name[,mode=control]', step: 'mon', help: 'configure a QMP monitor' },
  'nbd-server': {
    value: 'addr.type=unix,addr.path=path',
    step: 'nbd-server',
    help: 'start an NBD server for the exports',
  },
  object: QEMU_OPTIONS.object!,
  pidfile: QEMU_OPTIONS.pidfile!,
  trace: nothing('events'),
};
