/** What a guest sees of IDE's bus masters, and of the configuration behind them, as QEMU 7.2 answered. */

/** Configuration of PCI functions: what is there, what can be written. */
export const configuration = `
channel 0
> outl 0xcf8 0x80000000; inl 0xcf8; inl 0xcfc; inw 0xcfc; inb 0xcff; inw 0xcfe -> 0x80000000 0x12378086 0x8086 0x0012 0x1237
> outl 0xcf8 0x80000008; inl 0xcfc -> 0x6000002
> outl 0xcf8 0x80000800; inl 0xcfc; outl 0xcf8 0x80000808; inl 0xcfc; outl 0xcf8 0x8000080c; inl 0xcfc -> 0x70008086 0x6010000 0x800000
> outl 0xcf8 0x80000900; inl 0xcfc; outl 0xcf8 0x80000904; inl 0xcfc; outl 0xcf8 0x80000908; inl 0xcfc; outl 0xcf8 0x8000090c; inl 0xcfc -> 0x70108086 0x2800000 0x1018000 0x0000
> outl 0xcf8 0x80000920; inl 0xcfc; outl 0xcfc 0xffffffff; inl 0xcfc; outl 0xcfc 0; inl 0xcfc; outl 0xcfc 0x1234; inl 0xcfc -> 0x0001 0xfffffff1 0x0001 0x1231
> outl 0xcf8 0x80000904; outl 0xcfc 0xffffffff; inw 0xcfc; outl 0xcfc 0; inw 0xcfc -> 0x0507 0x0000
> outl 0xcf8 0x8000093c; inb 0xcfc; outb 0xcfc 0x5a; inb 0xcfc; outl 0xcf8 0x80000900; outl 0xcfc 0xffffffff; inl 0xcfc -> 0x0000 0x005a 0x70108086
> outl 0xcf8 0x80000b00; inl 0xcfc; outl 0xcf8 0x80000b08; inl 0xcfc; outl 0xcf8 0x80000b40; inl 0xcfc; outl 0xcfc 0xffffffff; inl 0xcfc; outl 0xcfc 0; inl 0xcfc -> 0x71138086 0x6800003 0x0001 0xffffffff 0x0000
> outl 0xcf8 0x80001f00; inl 0xcfc; inw 0xcfc; inb 0xcfc; outl 0xcfc 0x12345678; inl 0xcfc -> 0xffffffff 0xffff 0x00ff 0xffffffff
> outl 0xcf8 0x80010900; inl 0xcfc; outl 0xcf8 0x00000900; inl 0xcfc; inw 0xcfd -> 0xffffffff 0xffffffff 0xffff
> outl 0xcf8 0x80000900; inb 0xcf7; inb 0xd00 -> 0x00ff 0x00ff
> outl 0xcf8 0x80000902; inl 0xcf8; inw 0xcfc; outb 0xcf8 0x80; inl 0xcf8 -> 0x80000902 0x7010 0x80000902
`;

/** Reads and writes by tables of several pieces, of odd addresses and lengths. */
export const transfers = `
channel 0
> outl 0xcf8 0x80000920; outl 0xcfc 0xc001; outl 0xcf8 0x80000904; outw 0xcfc 0x0005 ->
> inb 0xc000; inb 0xc001; inb 0xc002; inb 0xc003; inl 0xc004; inb 0xc008; inb 0xc00a; inl 0xc00c; inw 0xc004; inb 0xc007 -> 0x0000 0x00ff 0x0000 0x00ff 0x0000 0x0000 0x0000 0x0000 0x0000 0x0000
> outb 0xc002 0xff; inb 0xc002; outb 0xc002 0; inb 0xc002; outb 0xc000 0xff; inb 0xc000; inb 0xc002; outb 0xc000 0; inb 0xc000; inb 0xc002 -> 0x0060 0x0000 0x0009 0x0001 0x0000 0x0000
> outl 0xc004 0x12347; inl 0xc004; inw 0xc004; inw 0xc006; inb 0xc005 -> 0x12344 0x2344 0x0001 0x0023
> memset 0x20000 0x2000 0xee; writel 0x10000 0x20000; writel 0x10004 0x100; writel 0x10008 0x20400; writel 0x1000c 0x80000300; outl 0xc004 0x10000 ->
6=e0 2=02 3=3e 4=00 5=00 7=c8 -> 58 00 02 3e 00 00 e0
> inb 0xc002; outb 0xc000 0x09 -> 0x0000
moved -> 50 00 00 40 00 00 e0
> inb 0xc002; inb 0xc000; readl 0x200fc; readl 0x20100; readl 0x203fc; readl 0x20400; readl 0x204fc; readl 0x20500; readl 0x206fc; readl 0x20700 -> 0x0004 0x0009 0x0000000011111111 0x00000000eeeeeeee 0x00000000eeeeeeee 0x0000000011111111 0x0000000011111111 0x0000000022222222 0x0000000022222222 0x00000000eeeeeeee
> outb 0xc002 4; inb 0xc002; outb 0xc000 0; inb 0xc000 -> 0x0000 0x0000
> memset 0x30000 0x400 0x77; memset 0x30200 0x100 0x78; memset 0x30300 0x2 0x79; writel 0x10000 0x30002; writel 0x10004 0x1fe; writel 0x10008 0x30200; writel 0x1000c 0x80000202 ->
6=e0 2=02 3=08 7=ca -> 58 00 02 08 00 00 e0
> outb 0xc000 0x01 ->
moved -> 50 00 00 0a 00 00 e0
> inb 0xc002; outb 0xc000 0; inb 0xc002 -> 0x0004 0x0004
6=e0 2=02 3=08 7=20 -> 58 00 01 09 00 00 e0
in 512 -> 77*510 78 78 | 58 00 00 0a 00 00 e0
in 512 -> 78*254 79 79 77*254 00 00 | 50 00 00 0a 00 00 e0
> writel 0x10000 0x40000; writel 0x10004 0x80000000; memset 0x40000 0x10000 0x99; memset 0x50000 4 0x66; outb 0xc002 0xff ->
6=e0 2=80 3=00 4=00 7=c9 -> 58 00 80 00 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 00 80 00 00 e0
> inb 0xc002; readl 0x40000; readl 0x47dfc; readl 0x47e00; readl 0x4fdfc; readl 0x4fffc; readl 0x50000; outb 0xc000 0 -> 0x0064 0x0000000011111111 0x0000000011111111 0x0000000022222222 0x0000000022222222 0x0000000022222222 0x0000000066666666
6=e0 2=00 2=01 3=00 3=1b 4=00 4=0c 5=00 5=00 7=25 -> 58 00 01 1b 0c 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 00 1c 0c 00 e0
> inb 0xc002; readl 0x40000; readl 0x401fc; readl 0x40200; outb 0xc000 0 -> 0x0065 0x0000000055555555 0x0000000055555555 0x0000000011111111
6=e0 2=00 2=01 3=00 3=1c 4=00 4=0c 5=00 5=00 7=25 -> 58 00 01 1c 0c 00 e0
> outb 0xc000 0x09 ->
moved -> 41 04 01 1c 0c 00 e0
> inb 0xc002; outb 0xc000 0; inb 0xc002; outb 0xc002 6 -> 0x0064 0x0064
6=e0 2=00 2=02 3=00 3=30 4=00 4=00 5=00 5=00 7=35 -> 58 00 02 30 00 00 e0
> inb 0xc002; outb 0xc000 0x01 -> 0x0000
moved -> 50 00 00 32 00 00 e0
> outb 0xc000 0 ->
6=e0 2=01 3=31 7=20 -> 58 00 00 32 00 00 e0
in 512 -> 11*512 | 50 00 00 32 00 00 e0
> memset 0x40000 0x20000 0x98; writel 0x10000 0x40000; writel 0x10004 0; writel 0x10008 0x50000; writel 0x1000c 0x80000000 ->
6=e0 2=00 3=40 4=00 7=cb -> 58 00 00 40 00 00 e0
> outb 0xc000 0x01 ->
moved -> 50 00 00 40 01 00 e0
> inb 0xc002; outb 0xc000 0 -> 0x0004
2=01 3=40 7=20 -> 58 00 00 41 01 00 e0
in 512 -> 22*512 | 50 00 00 41 01 00 e0
2=01 3=3f 4=01 7=20 -> 58 00 00 40 01 00 e0
in 512 -> 98*512 | 50 00 00 40 01 00 e0
> writel 0x10000 0x40000; writel 0x10004 0x80000200; outb 0xc002 0xff ->
6=e0 2=02 3=3e 4=00 7=c8 -> 58 00 02 3e 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 02 3e 00 00 e0
> inb 0xc002; outb 0xc000 0; inb 0xc002; readl 0x40000; readl 0x401fc; readl 0x40200 -> 0x0060 0x0060 0x0000000098989898 0x0000000098989898 0x0000000098989898
6=e0 2=02 3=50 4=00 7=ca -> 58 00 02 50 00 00 e0
> outb 0xc000 0x01 ->
moved -> 50 00 02 50 00 00 e0
> inb 0xc002; outb 0xc000 0; inb 0xc002 -> 0x0060 0x0060
2=01 3=50 7=20 -> 58 00 00 51 00 00 e0
in 512 -> 98*512 | 50 00 00 51 00 00 e0
2=01 3=51 7=20 -> 58 00 00 52 00 00 e0
in 512 -> 98*512 | 50 00 00 52 00 00 e0
> writel 0x10000 0x40000; writel 0x10004 0x80000300; outb 0xc002 0xff ->
6=e0 2=02 3=3e 4=00 7=c8 -> 58 00 02 3e 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 02 3e 00 00 e0
> inb 0xc002; outb 0xc000 0; inb 0xc002; readl 0x40000; readl 0x401fc; readl 0x40200; readl 0x402fc; readl 0x40300 -> 0x0060 0x0060 0x0000000098989898 0x0000000098989898 0x0000000098989898 0x0000000098989898 0x0000000098989898
> writel 0x10004 0x80000400 ->
6=f0 2=02 3=05 4=00 5=00 7=c8 -> 58 00 02 05 00 00 f0
> outb 0xc000 0x09 ->
moved -> 50 00 00 07 00 00 f0
> inb 0xc002; readl 0x40000; readl 0x403fc; readl 0x40400; outb 0xc000 0 -> 0x0064 0x0000000000000000 0x0000000000000000 0x0000000098989898
6=e0 -> 50 00 02 05 00 00 e0
moved -> 50 00 02 05 00 00 e0
`;

/** TRIM by a table in memory, within the disk and beyond. */
export const trims = `
channel 0
> outl 0xcf8 0x80000920; outl 0xcfc 0xc001; outl 0xcf8 0x80000904; outw 0xcfc 0x0005 ->
> writel 0x10000 0x20000; writel 0x10004 0x80000200; outl 0xc004 0x10000; memset 0x20000 0x400 0 ->
> writeq 0x20000 0x0002000000000010; writeq 0x20008 0x0; writeq 0x20010 0x0001000000000020 ->
6=e0 1=01 2=01 3=55 7=06 -> 58 00 01 55 00 00 e0
> outb 0xc000 0x01 ->
moved -> 50 00 00 56 00 00 e0
> inb 0xc002; outb 0xc000 0 -> 0x0004
6=e0 2=01 3=10 4=00 5=00 7=20 -> 58 00 00 11 00 00 e0
in 512 -> 11*512 | 50 00 00 11 00 00 e0
6=e0 2=01 3=12 7=20 -> 58 00 00 13 00 00 e0
in 512 -> 11*512 | 50 00 00 13 00 00 e0
> writeq 0x20000 0x0001000000000c1b ->
6=e0 1=01 2=01 7=06 -> 58 00 01 13 00 00 e0
> outb 0xc000 0x01 ->
moved -> 50 00 00 14 00 00 e0
> outb 0xc000 0; writeq 0x20000 0x0001000000000c1c ->
6=e0 1=01 2=01 7=06 -> 58 00 01 14 00 00 e0
> outb 0xc000 0x01 ->
moved -> 41 04 01 14 00 00 e0
> inb 0xc002; outb 0xc000 0 -> 0x0004
6=e0 1=00 2=01 7=06 -> 41 04 01 14 00 00 e0
`;

/** A bus master that is moved, switched off, and started without a command; the second channel has its own. */
export const masters = `
channel 0
> outl 0xcf8 0x80000920; outl 0xcfc 0xc001; outl 0xcf8 0x80000904; outw 0xcfc 0x0005 ->
> outl 0xc004 0x1000; outl 0xc00c 0x2000; inl 0xc004; inl 0xc00c -> 0x1000 0x2000
> outb 0xc00a 0x60; inb 0xc00a; inb 0xc002 -> 0x0060 0x0000
> outl 0xcf8 0x80000920; outl 0xcfc 0xd001; inl 0xd004; inl 0xc004; inl 0xd00c; inb 0xd010 -> 0x1000 0xffffffff 0x2000 0x00ff
> outl 0xcf8 0x80000904; outw 0xcfc 0x0004; inl 0xd004; outw 0xcfc 0x0005; inl 0xd004 -> 0xffffffff 0x1000
> outb 0xd000 0x09; inb 0xd002; outb 0xd000 0; inb 0xd002 -> 0x0001 0x0000
channel 1
6=a0 7=a1 -> 58 00 01 01 14 eb a0
> inb 0xd00a -> 0x0064
in 512 -> c0 85 00*18 4d 51 30*4 20 33 20*12 03 00 00 02 04 00 2e 32 2b 35 20*4 45 51 55 4d 44 20 44 56 52 2d 4d 4f 20*28 00 00 01 00 00 03 00*6 07 00*17 07 00 07 00 03 00 b4 00 b4 00 2c 01 b4 00*5 1e 00 1e 00*15 1e 00*15 3f 20 00*334 | 50 00 01 01 14 eb a0
> outb 0xd00a 4; inb 0xd00a -> 0x0000
c=01 -> 50 00 01 01 14 eb a0
6=a0 7=a1 -> 58 00 01 01 14 eb a0
> inb 0xd00a; outb 0xd00a 4 -> 0x0004
in 512 -> c0 85 00*18 4d 51 30*4 20 33 20*12 03 00 00 02 04 00 2e 32 2b 35 20*4 45 51 55 4d 44 20 44 56 52 2d 4d 4f 20*28 00 00 01 00 00 03 00*6 07 00*17 07 00 07 00 03 00 b4 00 b4 00 2c 01 b4 00*5 1e 00 1e 00*15 1e 00*15 3f 20 00*334 | 50 00 01 01 14 eb a0
c=02 -> 50 00 01 01 14 eb a0
6=a0 7=a1 -> 58 00 01 01 14 eb a0
> inb 0xd00a -> 0x0000
in 512 -> c0 85 00*18 4d 51 30*4 20 33 20*12 03 00 00 02 04 00 2e 32 2b 35 20*4 45 51 55 4d 44 20 44 56 52 2d 4d 4f 20*28 00 00 01 00 00 03 00*6 07 00*17 07 00 07 00 03 00 b4 00 b4 00 2c 01 b4 00*5 1e 00 1e 00*15 1e 00*15 3f 20 00*334 | 50 00 01 01 14 eb a0
c=00 -> 50 00 01 01 14 eb a0
6=a0 7=a1 -> 58 00 01 01 14 eb a0
> inb 0xd00a; inb 0xd002 -> 0x0004 0x0000
channel 0
6=e0 7=10 -> 50 00 01 01 00 00 e0
> inb 0xd002 -> 0x0004
6=f0 7=10 -> 50 00 01 01 00 00 f0
> inb 0xd002; outb 0xd002 4; inb 0xd002 -> 0x0004 0x0000
`;

/** Memory in pieces of each size, across pages and up to its end. */
export const memory = `
channel 0
> endianness; read 0x1000 4; memset 0x1000 8 0x5a; read 0x1000 9; readb 0x1000; readw 0x1000; readl 0x1000; readq 0x1000 -> little 0x00000000 0x5a5a5a5a5a5a5a5a00 0x000000000000005a 0x0000000000005a5a 0x000000005a5a5a5a 0x5a5a5a5a5a5a5a5a
> writeb 0x1001 0x112233; writew 0x1002 0x445566; writel 0x1004 0x1122334455; writeq 0x1008 0x8899aabbccddeeff; read 0xfff 18 -> 0x005a33665555443322ffeeddccbbaa998800
> readb 0x1008; readw 0x1008; readl 0x1008; readq 0x1008; readq 0x1001 -> 0x00000000000000ff 0x000000000000eeff 0x00000000ccddeeff 0x8899aabbccddeeff 0xff22334455556633
> write 0x1000 3 0x0a0b0c; write 0x1003 2 0xAbCd; read 4096 6; read 010000 2; b64read 0x1000 7; b64write 0x1000 4 AQIDBA==; read 0x1000 5; b64read 0x1000 1 -> 0x0a0b0cabcd44 0x0a0b CgsMq81EMw== 0x01020304cd AQ==
> memset 0x1fff8 0x10 0xc3; read 0x1fff7 18; readq 0x1fffc; writeq 0x1fffc 0x0102030405060708; read 0x1fffa 12 -> 0x00c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c300 0xc3c3c3c3c3c3c3c3 0xc3c30807060504030201c3c3
> memset 0x1fffe 4 0; read 0x1fffc 8; memset 0x2000000 0 1 -> 0x0807000000000201
> write 0xfff8 0x10 0x000102030405060708090a0b0c0d0e0f; read 0xfff7 18 -> 0x00000102030405060708090a0b0c0d0e0f00
> readb 0x8000000; readq 0x7fffffc; writeq 0x7fffffc 0x1111111122222222; readl 0x7fffffc; readl 0x8000000; read 0x7fffffe 4 -> 0x0000000000000000 0x0000000000000000 0x0000000022222222 0x0000000000000000 0x22220000
> outb 0x80 1; inb 0x80 -> 0x00ff
> irq_intercept_out ioapic; irq_intercept_in nope; nope -> FAIL Unknown device FAIL Unknown command 'nope'
`;

/** The ports of power management, which the guest moves and switches off; sleep that is no end. */
export const power = `
> outl 0xcf8 0x80000b40; outl 0xcfc 0x601; inl 0xcfc; inw 0x604 -> 0x0601 0xffff
> outl 0xcf8 0x80000b80; outb 0xcfc 1; inb 0xcfc; inw 0x604; inb 0x63f; inb 0x640; inb 0x5ff -> 0x0001 0x0000 0x00ff 0x00ff 0x00ff
> outw 0x604 0x1c01; inw 0x604 -> 0x1c01
> outw 0x604 0x3c01; inw 0x604 -> 0x1c01
> outw 0x604 0; inw 0x604 -> 0x0000
> outl 0xcf8 0x80000b40; outl 0xcfc 0xb001; inw 0x604; inw 0xb004; inb 0xb03f; inb 0xb040 -> 0xffff 0x0000 0x00ff 0x00ff
> outl 0xcf8 0x80000b80; outb 0xcfc 0; inw 0xb004; outb 0xcfc 1; outw 0xb004 0x1400; inw 0xb004 -> 0xffff 0x1400
> outw 0xb004 0x03ff; inw 0xb004; outw 0x604 0x2000; outl 0xb008 0x2000; inw 0xb004 -> 0x03ff 0x03ff
`;

/** A disk with a sector that cannot be read and one that cannot be written, through memory and through the port. */
export const failures = `
channel 0
> outl 0xcf8 0x80000920; outl 0xcfc 0xc001; outl 0xcf8 0x80000904; outw 0xcfc 0x0005 ->
> memset 0x20000 0x800 0xee; writel 0x10000 0x20000; writel 0x10004 0x80000400; outl 0xc004 0x10000; irq_intercept_in ioapic ->
6=e0 2=02 3=1f 4=00 5=00 7=c8 -> 58 00 02 1f 00 00 e0
> outb 0xc000 0x09 ->
moved -> 41 04 02 1f 00 00 e0
> inb 0xc002; inb 0xc000; readl 0x20000; readl 0x20200; outb 0xc000 0; inb 0xc002; outb 0xc002 0x06 -> 0x0004 0x0009 0x00000000eeeeeeee 0x00000000eeeeeeee 0x0004
interrupts -> raise 14
> inb 0x1f7 -> 0x0041
6=e0 2=02 3=1e 4=00 5=00 7=c8 -> 58 00 02 1e 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 00 20 00 00 e0
> inb 0xc002; readl 0x20000; readl 0x20200; outb 0xc000 0; outb 0xc002 0x06 -> 0x0004 0x0000000011111111 0x0000000011111111
6=e0 2=02 3=2f 7=ca -> 58 00 02 2f 00 00 e0
> outb 0xc000 0x01 ->
moved -> 41 04 02 2f 00 00 e0
> inb 0xc002; outb 0xc000 0; outb 0xc002 0x06 -> 0x0004
interrupts -> lower 14, raise 14, lower 14, raise 14
2=03 3=2f 7=20 -> 58 00 02 30 00 00 e0
> inb 0x1f7 -> 0x0058
in 512 -> 11*512 | 58 00 01 31 00 00 e0
in 512 -> 11*512 | 58 00 00 32 00 00 e0
in 512 -> 11*512 | 50 00 00 32 00 00 e0
6=e0 2=02 3=1f 4=00 5=00 7=20 -> 58 00 01 20 00 00 e0
in 512 -> 11*512 | 41 04 01 20 00 00 e0
look -> 41 04 01 20 00 00 e0
interrupts -> lower 14, raise 14, lower 14, raise 14, lower 14, raise 14
6=e0 2=02 3=2f 4=00 5=00 7=30 -> 58 00 02 2f 00 00 e0
out 5a*512 -> 58 00 01 30 00 00 e0
out 5b*512 -> 41 04 01 30 00 00 e0
look -> 41 04 01 30 00 00 e0
interrupts -> lower 14, raise 14
6=e0 2=01 3=20 7=20 -> 41 04 01 20 00 00 e0
7=10 -> 50 00 01 20 00 00 e0
6=e0 2=02 3=1e 4=00 5=00 7=c4 -> 58 00 00 20 00 00 e0
in 1024 -> 11*1024 | 50 00 00 20 00 00 e0
6=e0 2=02 3=1f 4=00 5=00 7=c4 -> 41 04 02 1f 00 00 e0
6=e0 2=02 3=2f 7=c5 -> 58 00 02 2f 00 00 e0
out 5a*1024 -> 41 04 02 2f 00 00 e0
`;

/** A table without an end, of pieces of 514 bytes: it ends with a page. */
export const longestTable = `
channel 0
> outl 0xcf8 0x80000920; outl 0xcfc 0xc001; outl 0xcf8 0x80000904; outw 0xcfc 0x0005 ->
> memset 0x10000 0x1010 2; outl 0xc004 0x10000 ->
6=e0 2=02 2=02 3=00 3=00 4=00 4=00 5=00 5=00 7=25 -> 58 00 02 00 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 00 02 02 00 e0
> inb 0xc002; outb 0xc000 0; readl 0x2020202; readl 0x2020400; readl 0x2020404 -> 0x0004 0x0000000022222222 0x0000000022222222 0x0000000000000000
6=e0 2=02 2=03 3=00 3=00 4=00 4=00 5=00 5=00 7=25 -> 58 00 03 00 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 03 00 00 00 e0
> inb 0xc002; outb 0xc000 0 -> 0x0004
6=e0 2=02 2=01 3=00 3=00 4=00 4=00 5=00 5=00 7=25 -> 58 00 01 00 00 00 e0
> outb 0xc000 0x09 ->
moved -> 50 00 00 01 02 00 e0
> inb 0xc002; outb 0xc000 0; inb 0xc002 -> 0x0005 0x0004
`;
