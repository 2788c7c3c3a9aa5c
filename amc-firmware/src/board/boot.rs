//! What a boot ROM wants to find in the flash, where the board has one.
#![allow(unsafe_code, reason = "a linker section is chosen by an unsafe attribute")]

/// The second stage that the RP2040's boot ROM loads: it sets up a W25Q080, the flash of the Raspberry Pi Pico.
#[cfg(feature = "rp2040")]
// SAFETY: the section is in the board's memory map and holds nothing else.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// The image definition that the RP2350's boot ROM looks for, by its datasheet, 5.9: a block with the one item
/// IMAGE_TYPE (0x42, of one word), which says an executable (bits 0 to 3: 1), secure (4 and 5: 2), for Arm (8 to 10: 0)
/// of the RP2350 (12 to 14: 1); then the item that ends the block and tells its length, one word, and the offset to the
/// next block, itself.
#[cfg(feature = "rp2350")]
// SAFETY: the section is in the board's memory map and holds nothing else.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: [u32; 5] = [0xffff_ded3, 0x1021_0142, 0x0000_01ff, 0, 0xab12_3579];
