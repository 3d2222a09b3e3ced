namespace Superfactory.Sync.Merging;

/// <summary>What bounds the merge: sizes of messages, memory kept for peers, repetitions. All sizes in bytes.</summary>
public static class MergeLimits
{
    /// <summary>Islands in a run: a set of contributors is one 64-bit word.</summary>
    public const int IslandsMax = 64;

    /// <summary>Bytes of numbers in one chunk: 192 KiB, 49,152 numbers of fp32, so that a chunk and what is made of it stay in a second-level cache.</summary>
    public const int ChunkBytesMax = 192 * 1024;

    /// <summary>Numbers in one chunk: 98,304, as many as bf16 puts into <see cref="ChunkBytesMax"/>; 384 KiB decoded. A multiple of 64.</summary>
    public const int ChunkLengthMax = 96 * 1024;

    /// <summary>Numbers that are worth a message of their own: 4,096, 16 KiB in fp32. A multiple of 64.</summary>
    public const int ChunkLengthMin = 4096;

    /// <summary>Bytes of one message: a full chunk and its fields, or the longest contribution header (8 bytes for each of <see cref="FragmentsMax"/>), rounded up.</summary>
    public const int MessageBytesMax = 256 * 1024;

    /// <summary>Fragments in a run: their norms in a contribution header take 32 KiB, an eighth of a message.</summary>
    public const int FragmentsMax = 4096;

    /// <summary>Bytes in fp32 that one fragment aims at: small enough that sums and transfers overlap, large enough that a commit is no burden.</summary>
    public const int FragmentBytesTarget = 4 * 1024 * 1024;

    /// <summary>
    /// Chunks of a run, for the sets of those that arrived: 2³¹ numbers, the most that one bridge holds, in chunks of
    /// <see cref="ChunkLengthMin"/>; 64 KiB as a set of bits, of which a message holds two.
    /// </summary>
    public const int ChunksMax = 512 * 1024;

    /// <summary>Chunks and pieces of state that wait in the host for one peer: 8, 1.5 MiB, so that encoding is ahead of sending and memory is not.</summary>
    public const int ChunksWaitingMax = 8;

    /// <summary>
    /// Bytes of contributions that a leader of three or more islands keeps until their turn in the sum comes: 64 MiB, or as much as the
    /// fragments that it leads where that is more. Each contributor may be ahead by an equal share: at 1 Gbit/s and 100 ms 12.5 MB are on the way.
    /// </summary>
    public const long StashBytesMax = 64 * 1024 * 1024;

    /// <summary>Chunks that each contributor may be ahead at least, however many they are: 4, so that sending and summing overlap.</summary>
    public const int ChunksAheadMin = 4;

    /// <summary>
    /// Tokens of one contribution: 2⁴⁸, 2.8 · 10¹⁴, more than any model was trained on. Those of <see cref="IslandsMax"/> islands come to 2⁵⁴,
    /// so that no sum over a round is beyond 64 bits.
    /// </summary>
    public const long TokensMax = 1L << 48;

    /// <summary>Tokens of one island that a run counts: 2⁵⁶, so that those of <see cref="IslandsMax"/> islands come to 2⁶². Beyond it the count stays there.</summary>
    public const long TokensInRunMax = 1L << 56;

    /// <summary>UTF-8 bytes of a dataset's identity.</summary>
    public const int DatasetBytesMax = 1024;

    /// <summary>UTF-8 bytes of a model's hash in hexadecimal: SHA-256 needs 64.</summary>
    public const int ModelHashBytesMax = 128;

    /// <summary>Bytes of a tensor table as one island sends it to another: a model of 30,000 tensors with names of 80 characters takes 3.5 MB.</summary>
    public const int TableBytesMax = 16 * 1024 * 1024;

    /// <summary>Bytes of a run's replicated history (dealing and ledger): 16 for each range given back or merged apart, see <see cref="RangesMax"/>.</summary>
    public const int RunStateBytesMax = 4 * 1024 * 1024;

    /// <summary>Ranges of samples that wait to be dealt again, and holes in what is merged. Beyond it the run fails: so many refusals are no accident.</summary>
    public const int RangesMax = 65_536;

    /// <summary>How often one island asks for damaged results or state again within a round before it gives up.</summary>
    public const int RepeatsMax = 8;

    /// <summary>Contributions of one island that are refused in a row, for what they are, before it is set aside; where that is so of every member, the run fails.</summary>
    public const int RefusalsInRowMax = 3;

    /// <summary>
    /// Contributions refused in a row of an island that is the only member for a while, before the run fails: another that returns takes the run's
    /// state from it all the same, and goes on without it. Some tens of rounds are longer than a return takes, and soon over where nobody returns.
    /// </summary>
    public const int RefusalsAloneMax = 32;

    /// <summary>Refusals that an island's progress names, the newest; all are counted.</summary>
    public const int RefusalsShownMax = 8;

    /// <summary>Steps in a row that all islands skip for an overflow before the run fails: a scale of 2^16 has reached the smallest fp16 number after 40 halvings.</summary>
    public const int SkipsInRowMax = 64;

    /// <summary>Faults of peers against the protocol that are reported one by one; further ones are only counted.</summary>
    public const int FaultNotesMax = 100;

    /// <summary>Steps of the optimizer that an island keeps for those that follow: 512, the newest. Who lacks an older one takes a new copy.</summary>
    public const int StepsKeptMax = 512;

    /// <summary>Bytes of those steps: 1 GiB, of a model of 25 million parameters some ten steps. As many may be under way to a peer once more.</summary>
    public const long StepBytesKeptMax = 1L << 30;

    /// <summary>Copies of a trainer's state that one island takes to follow from, before it becomes a member without.</summary>
    public const int FollowCopiesMax = 2;

    /// <summary>
    /// Steps behind the members, in bytes of whole states, from which an island follows no more with a copy that has just come: they take steps faster
    /// than these could be sent, as one that merges with nobody does over a narrow link.
    /// </summary>
    public const int FollowStatesMax = 8;

    /// <summary>Steps that are left for a member, in bytes of whole states, beyond which it takes a whole state: then its trainer and another's give one each.</summary>
    public const int FollowStatesAsMemberMax = 4;

    /// <summary>Steps behind the members with which an island that follows is level: the newest is kept a step later than it is taken, and one more is on its way.</summary>
    public const int FollowBehindMax = 2;

    /// <summary>What a trainer that follows is given before it has taken what came before: 2, so that it need not wait for the link nor the link for it.</summary>
    public const int FollowUnderWayMax = 2;

    /// <summary>Bytes of a peer trainer's state that are accepted: parameters, two moments and as much again, and a free share for what small models attach.</summary>
    /// <param name="parameterBytes">Bytes of the parameters in fp32.</param>
    public static long TrainerStateBytesMax(long parameterBytes) => (8 * parameterBytes) + (256L * 1024 * 1024);
}
