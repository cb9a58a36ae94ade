//! The working memory of argon2, which is reused from one hash to the next. New memory would have to be cleared, which
//! takes half as long as a hash. The memory is not cleared after a hash either: an attacker who can read it can also
//! read the passwords of incoming requests.

use std::fmt;

use argon2::password_hash::phc::Output;
use argon2::password_hash::{self, Error};
use argon2::{Argon2, Block, Params};

/// The memory of a new hash: m = 19 456 KiB, with t = 2 and p = 1 (OWASP Password Storage Cheat Sheet).
pub const HASH_MEMORY_KIB: u32 = 19_456;

/// The number of blocks that a new hash takes.
const BLOCKS: usize = HASH_MEMORY_KIB as usize * 1024 / Block::SIZE;

/// The working memory of argon2, empty until the first hash.
#[derive(Default)]
pub struct HashMemory(Vec<Block>);

impl HashMemory {
    /// Returns the hash. Its length is that of the parameters, or 32 bytes if they have none.
    pub fn hash(
        &mut self,
        argon2: &Argon2<'_>,
        password: &str,
        salt: &[u8],
    ) -> password_hash::Result<Output> {
        let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..length).ok_or(Error::OutputSize)?;
        let blocks = self.at_least(argon2.params().block_count());
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, blocks)?;
        Ok(Output::new(output)?)
    }

    /// Returns the memory, with at least this many blocks.
    fn at_least(&mut self, blocks: usize) -> &mut [Block] {
        let blocks = blocks.max(BLOCKS);
        if self.0.len() < blocks {
            // Drops the old blocks first, because `resize` would copy them.
            self.0 = Vec::new();
            self.0.resize(blocks, Block::new());
        }
        &mut self.0
    }

    /// Returns whether the memory is at most as large as a new hash needs.
    pub fn is_worth_keeping(&self) -> bool {
        self.0.len() <= BLOCKS
    }
}

/// Hides the content, which is derived from passwords.
impl fmt::Debug for HashMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HashMemory({} blocks)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Version};

    use super::*;

    fn argon2id(memory_kib: u32) -> Argon2<'static> {
        let params = Params::new(memory_kib, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }

    #[test]
    fn content_of_used_memory_does_not_affect_the_hash() {
        let (argon2, salt) = (argon2id(64), b"0123456789abcdef");
        let fresh = HashMemory::default().hash(&argon2, "one", salt).unwrap();
        let mut used = HashMemory::default();
        used.hash(&argon2id(HASH_MEMORY_KIB + 64), "another", salt).unwrap();
        assert_eq!(used.hash(&argon2, "one", salt).unwrap(), fresh);
    }

    #[test]
    fn memory_larger_than_a_new_hash_needs_is_not_kept() {
        let mut memory = HashMemory::default();
        memory.hash(&argon2id(HASH_MEMORY_KIB), "one", b"0123456789abcdef").unwrap();
        assert!(memory.is_worth_keeping());
        memory.hash(&argon2id(HASH_MEMORY_KIB + 64), "one", b"0123456789abcdef").unwrap();
        assert!(!memory.is_worth_keeping());
    }
}
