namespace Superfactory.Sync.Merging.Dealing;

/// <summary>What streaming dealt for one round: turns of a segment, or plain turns where the run is untracked.</summary>
/// <param name="round">The round, from 0.</param>
/// <param name="segment">The segment; null where the run is untracked.</param>
/// <param name="first">The first turn.</param>
/// <param name="turns">How many; 0 where nothing was left to deal.</param>
/// <param name="present">Islands whose shares are in what is merged, by place: at first all that take turns, then without those that lost theirs.</param>
internal sealed class DealtTurns(long round, SampleSegment? segment, long first, int turns, ulong present)
{
    public long Round { get; } = round;

    public SampleSegment? Segment { get; } = segment;

    public long First { get; } = first;

    public int Turns { get; } = turns;

    /// <summary>Islands whose shares are in what is merged, by place.</summary>
    public ulong Present { get; set; } = present;

    /// <summary>Steps that an island takes in them.</summary>
    public int Steps(int island) => Segment is { } segment ? segment.Steps(island, First, Turns) : (Present >> island & 1) != 0 ? Turns : 0;

    /// <summary>Steps of an island whose work is in what is merged.</summary>
    public int StepsPresent(int island) => (Present >> island & 1) != 0 ? Steps(island) : 0;

    /// <summary>Samples in the shares of the islands that are present; 0 where the run is untracked.</summary>
    public long Samples => SamplesOf(Present);

    /// <summary>Samples in the shares of some islands; 0 where the run is untracked.</summary>
    public long SamplesOf(ulong islands)
    {
        var samples = 0L;
        for (var turn = First; Segment is not null && turn < First + Turns; turn++)
        {
            for (var island = 0; island < Segment.Batches.Length; island++)
            {
                if ((islands >> island & 1) != 0)
                {
                    var share = Segment.Share(island, turn);
                    samples += share.End - share.Start;
                }
            }
        }

        return samples;
    }
}
