//! Bytes that can be made anew at the other end, and what is left of bytes that cannot be kept. Pure.

use aws_lc_rs::digest::{Context, SHA256};

/// Endless bytes that depend on nothing but the seed (`SplitMix64`, little-endian).
#[derive(Clone, Debug)]
pub struct Flow {
    state: u64,
    word: [u8; 8],
    used: usize,
}

impl Flow {
    /// The flow of this seed, from its first byte.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, word: [0; 8], used: 8 }
    }

    /// Fills `buffer` with the next bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            if self.used == 8 {
                self.word = self.next_word().to_le_bytes();
                self.used = 0;
            }
            *byte = self.word.get(self.used).copied().unwrap_or_default();
            self.used += 1;
        }
    }

    /// Whether the next bytes are these.
    pub fn continues_with(&mut self, bytes: &[u8]) -> bool {
        let mut expected = vec![0; bytes.len()];
        self.fill(&mut expected);
        expected == bytes
    }

    fn next_word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

/// How many bytes there were, and their SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many.
    pub bytes: u64,
    /// SHA-256 of all of them.
    pub sha256: [u8; 32],
}

impl Fingerprint {
    /// How many bytes [`Fingerprint::encode`] gives.
    pub const LENGTH: usize = 40;

    /// The fingerprint of the first `bytes` of a flow.
    pub fn of_flow(seed: u64, bytes: u64) -> Self {
        let (mut flow, mut digest) = (Flow::new(seed), Digest::new());
        let mut buffer = vec![0; 64 * 1024];
        let mut left = bytes;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            flow.fill(&mut buffer[..count]);
            digest.add(&buffer[..count]);
            left -= count as u64;
        }
        digest.finish()
    }

    /// For the wire: the count, big-endian, and the hash.
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let mut out = [0; Self::LENGTH];
        let (count, hash) = out.split_at_mut(8);
        count.copy_from_slice(&self.bytes.to_be_bytes());
        hash.copy_from_slice(&self.sha256);
        out
    }

    /// From the wire; none if that is not all of it.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (count, hash) = bytes.split_at_checked(8)?;
        Some(Self { bytes: u64::from_be_bytes(count.try_into().ok()?), sha256: hash.try_into().ok()? })
    }
}

/// Makes a fingerprint a piece at a time.
pub struct Digest {
    bytes: u64,
    context: Context,
}

impl Digest {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self { bytes: 0, context: Context::new(&SHA256) }
    }

    /// Of these bytes, too.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.context.update(bytes);
    }

    /// What there was.
    pub fn finish(self) -> Fingerprint {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.context.finish().as_ref());
        Fingerprint { bytes: self.bytes, sha256 }
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}
