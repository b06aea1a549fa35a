use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Lanes;

/// Encrypts with plain Blowfish: one expansion with the key.
fn blowfish(key: u32, block: [u32; 2]) -> [u32; 2] {
    let mut lanes = Lanes::<1>::new();
    lanes.expand(&[[key; 18]]);
    let [mut left, mut right] = block.map(|half| [half]);
    lanes.encrypt(&mut left, &mut right);
    [left[0], right[0]]
}

/// Three of the vectors that Eric Young published for Blowfish. Their keys of 64 bits are a word repeated.
#[test]
fn published_vectors_of_blowfish_hold() {
    assert_eq!(blowfish(0, [0, 0]), [0x4ef9_9745, 0x6198_dd78]);
    assert_eq!(blowfish(0xffff_ffff, [0xffff_ffff; 2]), [0x5186_6fd5, 0xb85e_cb8a]);
    assert_eq!(blowfish(0x1111_1111, [0x1111_1111; 2]), [0x2466_dd87, 0x8b96_3c9d]);
}

#[test]
fn a_salt_of_zeros_changes_nothing() {
    let (mut plain, mut salted) = (Lanes::<2>::new(), Lanes::<2>::new());
    let keys = [[7; 18], [8; 18]];
    plain.expand(&keys);
    salted.expand_with_salt(&keys, &[[0; 4]; 2]);
    assert_eq!(plain.states, salted.states);
}

#[test]
fn wiping_leaves_no_word_of_a_state() {
    let mut lanes = Lanes::<3>::new();
    lanes.expand(&[[1; 18], [2; 18], [3; 18]]);
    lanes.zeroize();
    assert!(lanes.states.iter().flatten().all(|&word| word == 0));
}

#[test]
fn states_are_wiped_when_dropped() {
    fn is_wiped_on_drop<T: ZeroizeOnDrop>(_: &T) -> bool {
        std::mem::needs_drop::<T>()
    }
    assert!(is_wiped_on_drop(&Lanes::<5>::new()));
}
