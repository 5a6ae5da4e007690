/** Which interrupts a guest gets of its IDE drives, and where a machine begins, as QEMU 7.2 answered. */

/** Commands of disks and CD drives, on both channels: when their line rises, what lowers it, and what the guest never hears. */
export const interrupts = `
channel 0
> irq_intercept_in ioapic ->
interrupts ->
6=e0 2=02 3=00 4=00 5=00 7=20 -> 58 00 01 01 00 00 e0
interrupts -> raise 14
look -> 58 00 01 01 00 00 e0
interrupts ->
> inb 0x3f6 -> 0x0058
interrupts ->
> inb 0x1f7 -> 0x0058
interrupts -> lower 14
in 512 -> 11*512 | 58 00 00 02 00 00 e0
interrupts -> raise 14
> inb 0x1f7 -> 0x0058
> inb 0x1f7 -> 0x0058
interrupts -> lower 14
in 512 -> 11*512 | 50 00 00 02 00 00 e0
interrupts ->
2=02 3=05 7=30 -> 58 00 02 05 00 00 e0
interrupts ->
out 5a*512 -> 58 00 01 06 00 00 e0
interrupts -> raise 14
> inb 0x1f7 -> 0x0058
out 5b*512 -> 50 00 00 07 00 00 e0
interrupts -> lower 14, raise 14
7=10 -> 50 00 00 07 00 00 e0
interrupts -> lower 14, raise 14
> inb 0x1f7 -> 0x0050
7=ff -> 41 04 00 07 00 00 e0
interrupts -> lower 14, raise 14
> inb 0x1f7 -> 0x0041
c=02 -> 41 04 00 07 00 00 e0
7=10 -> 50 00 00 07 00 00 e0
interrupts -> lower 14
c=00 -> 50 00 00 07 00 00 e0
interrupts ->
7=10 -> 50 00 00 07 00 00 e0
interrupts -> raise 14
6=f0 -> 50 00 02 05 00 00 f0
interrupts ->
> inb 0x1f7 -> 0x0050
7=10 -> 50 00 02 05 00 00 f0
interrupts -> lower 14, raise 14
c=04 -> 50 01 01 01 00 00 a0
interrupts ->
c=00 -> 50 01 01 01 00 00 a0
interrupts ->
7=90 -> 50 01 01 01 00 00 a0
interrupts -> lower 14, raise 14
> inb 0x1f7 -> 0x0050
7=e7 -> 50 00 01 01 00 00 a0
interrupts -> lower 14, raise 14
6=e0 2=01 3=04 4=00 5=00 7=20 -> 58 00 00 05 00 00 e0
interrupts -> lower 14, raise 14
7=08 -> 58 00 00 05 00 00 e0
interrupts -> lower 14
in 512 -> 11*512 | 50 00 00 05 00 00 e0
interrupts ->
channel 1
6=a0 7=a1 -> 58 00 01 01 14 eb a0
interrupts -> raise 15
> inb 0x177 -> 0x0058
interrupts -> lower 15
in 512 -> c0 85 00*18 4d 51 30*4 20 33 20*12 03 00 00 02 04 00 2e 32 2b 35 20*4 45 51 55 4d 44 20 44 56 52 2d 4d 4f 20*28 00 00 01 00 00 03 00*6 07 00*17 07 00 07 00 03 00 b4 00 b4 00 2c 01 b4 00*5 1e 00 1e 00*15 1e 00*15 3f 20 00*334 | 50 00 01 01 14 eb a0
interrupts ->
packet 12 00*3 24 / 10 -> 58 00 02 01 0a 00 a0 | 05 80 00 21 1f 00 00 00 51 45 | 58 00 02 01 0a 00 a0 | 4d 55 20*4 51 45 4d 55 | 58 00 02 01 0a 00 a0 | 20 44 56 44 2d 52 4f 4d 20 20 | 58 00 02 01 06 00 a0 | 20 20 32 2e 35 2b | 50 00 03 01 06 00 a0
interrupts -> raise 15
> inb 0x177 -> 0x0050
interrupts -> lower 15
1=00 4=0a 5=00 7=a0 -> 58 00 01 01 0a 00 a0
interrupts ->
out 12 00*3 08 00*7 -> 58 00 02 01 08 00 a0
interrupts -> raise 15
> inb 0x177 -> 0x0058
in 8 -> 05 80 00 21 1f 00 00 00 | 50 00 03 01 08 00 a0
interrupts -> lower 15, raise 15
> inb 0x177 -> 0x0050
interrupts -> lower 15
packet ff -> 41 50 03 01 fe ff a0
interrupts -> raise 15
> inb 0x177 -> 0x0041
interrupts -> lower 15
7=08 -> 00 00 01 01 14 eb a0
interrupts ->
7=90 -> 00 01 01 01 14 eb a0
interrupts ->
> inb 0x177 -> 0x0000
! eject {"id":"cd0","force":true}
> inb 0x376 -> 0x0000
interrupts -> raise 15
> inb 0x177 -> 0x0000
! blockdev-close-tray {"id":"cd0"}
> inb 0x376 -> 0x0000
interrupts -> lower 15, raise 15
> inb 0x177 -> 0x0000
6=b0 7=e7 -> 50 00 01 01 fe ff b0
interrupts -> lower 15, raise 15
> inb 0x177 -> 0x0050
interrupts -> lower 15
6=a0 -> 00 01 01 01 14 eb a0
! blockdev-open-tray {"id":"cd1","force":true}
> inb 0x376 -> 0x0000
interrupts -> raise 15
channel 0
> outl 0xcf8 0x80000920; outl 0xcfc 0xc001; outl 0xcf8 0x80000904; outw 0xcfc 0x0005 ->
> memset 0x20000 0x400 0x77; writel 0x10000 0x20000; writel 0x10004 0x80000200; outl 0xc004 0x10000 ->
6=e0 2=01 3=10 7=ca -> 58 00 01 10 00 00 e0
interrupts ->
> outb 0xc000 0x01 ->
moved -> 50 00 00 11 00 00 e0
interrupts -> raise 14
> inb 0x1f7 -> 0x0050
interrupts -> lower 14
hang up
> irq_intercept_in ioapic ->
6=e0 7=10 -> 50 00 00 11 00 00 e0
interrupts -> raise 14
> inb 0x1f7 -> 0x0050
interrupts -> lower 14
`;

/** What each channel shows before its guest has chosen a drive; commands that come to no drive, and to one that is at another. */
export const untouched = `
channel 0
look -> 50 00 01 01 14 eb a0
> inb 0x1f6; inb 0x1f7; inb 0x176; inb 0x177 -> 0x00a0 0x0050 0x00a0 0x0050
> irq_intercept_in ioapic ->
7=a1 -> 58 00 01 01 14 eb a0
interrupts -> raise 14
7=10 -> 58 00 01 01 14 eb a0
interrupts -> lower 14
7=08 -> 00 00 01 01 14 eb a0
interrupts ->
7=a1 -> 58 00 01 01 14 eb a0
interrupts -> raise 14
6=b0 7=a1 -> 58 00 01 01 14 eb a0
interrupts -> lower 14
channel 1
look -> 50 00 01 01 ff ff a0
2=12 3=34 -> 50 00 12 34 ff ff a0
6=b0 -> 50 00 12 34 14 eb b0
7=a1 -> 58 00 12 34 14 eb b0
interrupts -> raise 15
7=08 -> 00 00 01 01 14 eb a0
interrupts -> lower 15
6=b0 7=90 -> 00 01 01 01 14 eb a0
interrupts ->
`;
