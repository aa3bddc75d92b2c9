//! The feature table of many recordings, in order and in bounded memory.
