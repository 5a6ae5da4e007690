/**
 * QEMU's command line as data: every option that is taken, whether a value follows it, and what is done with it. What is
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
  | 'usb'
  | 'version'
  | 'nothing';

/** One option. */
export interface OptionKind {
  /** No value follows it. */
  readonly alone?: true;
  readonly step: Step;
  /** Options that this one stands for, before its value: `-hda FILE` is a drive with these. */
  readonly drive?: string;
  /** Of what has a value: how that looks, a colon, and what it does. */
  readonly help: string;
}

const IGNORED = 'taken, and without effect here';

/** Options that concern nothing that is here. */
const ALONE =
  'enable-kvm full-screen mem-prealloc no-acpi no-fd-bootchk no-hpet no-reboot no-shutdown no-user-config ' +
  'nodefconfig nographic only-migratable preconfig s singlestep';
const WITH_VALUE =
  'L D d acpitable action append audiodev bios boot chroot cpu debugcon dfilter display dtb echr fsdev ' +
  'fw_cfg g gdb icount incoming initrd k kernel loadvm m mem-path msg net netdev nic numa overcommit ' +
  'parallel plugin realtime rtc runas sandbox seed serial smbios smp spice tb-size tpmdev trace usbdevice ' +
  'vga virtfs vnc watchdog watchdog-action';

const ignored = (names: string, more: Pick<OptionKind, 'alone'> = {}): Record<string, OptionKind> =>
  Object.fromEntries(names.split(' ').map((name) => [name, { ...more, step: 'nothing', help: IGNORED }]));

const disk = (index: number): OptionKind => ({
  step: 'drive',
  drive: `index=${index},media=disk`,
  help: `file: use file as hard disk ${index}`,
});

const floppy = (index: number): OptionKind => ({
  step: 'drive',
  drive: `if=floppy,index=${index}`,
  help: `file: use file as floppy disk ${index}`,
});

/** The options of a system emulator, by their names without dashes. */
export const QEMU_OPTIONS: Readonly<Record<string, OptionKind>> = {
  h: { alone: true, step: 'help', help: 'display this help and exit' },
  help: { alone: true, step: 'help', help: 'display this help and exit' },
  version: { alone: true, step: 'version', help: 'display version information and exit' },

  blockdev: { step: 'blockdev', help: '[driver=]driver[,node-name=N]...: add a block node' },
  drive: { step: 'drive', help: '[file=file][,if=type][,id=id]...: add a drive with its image' },
  hda: disk(0),
  hdb: disk(1),
  hdc: disk(2),
  hdd: disk(3),
  cdrom: {
    step: 'drive',
    drive: 'index=2,media=cdrom',
    help: 'file: use file as CD-ROM of IDE bus 1',
  },
  fda: floppy(0),
  fdb: floppy(1),
  pflash: { step: 'drive', drive: 'if=pflash', help: 'file: use file as parallel flash image' },
  snapshot: { alone: true, step: 'snapshot', help: 'write to temporary files instead of disk images' },
  'add-fd': { step: 'add-fd', help: 'fd=fd,set=set[,opaque=opaque]: add fd to /dev/fdset/set' },
  device: { step: 'device', help: 'driver[,prop[=value]]...: add a guest device' },
  object: { step: 'object', help: 'type[,prop=value]...: create an object' },
  global: { step: 'global', help: 'driver.prop=value: set a default of a property of devices' },
  set: { step: 'set', help: 'group.id.arg=value: set a parameter of an option with an id' },
  readconfig: { step: 'read-config', help: 'file: read options from a file' },
  nodefaults: { alone: true, step: 'no-defaults', help: 'create no default drives' },
  machine: { step: 'machine', help: '[type=]name[,prop=value]...: pc, q35 or none' },
  M: { step: 'machine', help: '[type=]name[,prop=value]...: as -machine' },
  usb: { alone: true, step: 'usb', help: 'bring a USB bus, as -machine usb=on' },

  chardev: { step: 'chardev', help: 'backend,id=id[,options]: add a character device' },
  mon: { step: 'mon', help: '[chardev=]name[,mode=readline|control]: add a monitor on a chardev' },
  qmp: { step: 'qmp', help: 'dev: add a QMP monitor' },
  'qmp-pretty': { step: 'qmp-pretty', help: 'dev: as -qmp, with indented JSON' },
  monitor: { step: 'monitor', help: 'dev: add a human monitor' },

  qtest: {
    step: 'qtest',
    help: 'dev: speak the qtest protocol on dev: ports of a PC, memory, clock_step',
  },
  'qtest-log': { step: 'qtest-log', help: 'file: write down in file what is said on -qtest' },
  accel: {
    step: 'accel',
    help: '[accel=]name: qtest: the time of the guest passes only by clock_step; others concern nothing here',
  },

  S: { alone: true, step: 'stay-stopped', help: 'do not start the guest (use cont)' },
  name: { step: 'name', help: '[guest=]name[,...]: name of the guest, told by query-name' },
  uuid: { step: 'uuid', help: 'uuid: UUID of the guest' },
  pidfile: { step: 'pidfile', help: 'file: write the process id to file' },
  daemonize: { alone: true, step: 'daemonize', help: 'go into the background once started' },

  ...ignored(ALONE, { alone: true }),
  ...ignored(WITH_VALUE),
};

/** Those of the storage daemon, which stand behind two dashes. */
export const STORAGE_DAEMON_OPTIONS: Readonly<Record<string, OptionKind>> = {
  help: { alone: true, step: 'help', help: 'display this help and exit' },
  version: { alone: true, step: 'version', help: 'output version information and exit' },
  blockdev: QEMU_OPTIONS.blockdev!,
  chardev: QEMU_OPTIONS.chardev!,
  daemonize: QEMU_OPTIONS.daemonize!,
  export: {
    step: 'export',
    help: '[type=]nbd,id=id,node-name=N[,name=name][,writable=on|off]: export a node over NBD',
  },
  monitor: { step: 'mon', help: '[chardev=]name[,mode=control]: configure a QMP monitor' },
  'nbd-server': {
    step: 'nbd-server',
    help: 'addr.type=unix,addr.path=path: start an NBD server for the exports',
  },
  object: QEMU_OPTIONS.object!,
  pidfile: QEMU_OPTIONS.pidfile!,
  trace: { step: 'nothing', help: IGNORED },
};
