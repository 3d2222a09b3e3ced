namespace Superfactory.Site.Copies;

/// <summary>How much a copy has under way. With these, one copy takes about 25 MB at either end, however much is copied.</summary>
internal static class CopyLimits
{
    /// <summary>Bytes of a chunk, which is hashed and sent as one: a message of the gateway (1 MiB) holds it with all that goes with it.</summary>
    public const int ChunkBytes = 512 * 1024;

    /// <summary>Bytes of the longest message that is sent: a full chunk and as much again of small ones, below the gateway's 1 MiB.</summary>
    public const int MessageBytesMax = 1_000_000;

    /// <summary>Bytes after which a message with several small answers is sent.</summary>
    public const int AnswerBytesEnough = 448 * 1024;

    /// <summary>Bytes after which a message with several entries or requests is sent.</summary>
    public const int ListBytesEnough = 128 * 1024;

    /// <summary>Entries that the source has named and the destination has not finished: about 300 bytes each, 1.2 MB.</summary>
    public const int EntriesAheadMax = 4096;

    /// <summary>Chunks with a hash, and runs of chunks without, that are asked for and not answered: 32 bytes and some bookkeeping each, 2 MB; 16 GiB of data.</summary>
    public const int AskedMax = 32 * 1024;

    /// <summary>What a source holds of requests at most before it takes the other end for broken: twice what a destination asks for.</summary>
    public const int AskedRefused = 2 * AskedMax;

    /// <summary>Chunks that a reader takes at a time: 8 MiB, so that four readers work on one large file.</summary>
    public const int ChunksPerSlice = 16;

    /// <summary>Chunks whose hashes go in one request.</summary>
    public const int ChunksPerRequest = 512;

    /// <summary>Files of more than one chunk that are received at the same time, each with one or two open files.</summary>
    public const int LargeFilesMax = 16;

    /// <summary>Threads that read and hash at the source, with a message of 1 MB each.</summary>
    public const int Readers = 4;

    /// <summary>Threads that look at what the destination holds already, with a chunk each.</summary>
    public const int Preparers = 2;

    /// <summary>Threads that verify and write at the destination.</summary>
    public const int Writers = 4;

    /// <summary>Messages that wait for a writer: 8 MB.</summary>
    public const int AnswersWaitingMax = 8;

    /// <summary>How often a file that changes while it is copied is begun again.</summary>
    public const int AttemptsMax = 5;

    /// <summary>Copies that a site works on at the same time; others wait for their turn, by number.</summary>
    public const int CopiesAtOnce = 8;

    /// <summary>Bytes of a name in a directory, as Linux takes it (<c>NAME_MAX</c>).</summary>
    public const int NameBytesMax = 255;
}
