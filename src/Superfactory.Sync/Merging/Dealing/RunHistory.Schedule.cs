using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Defence;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <content>What is merged in a round, and after how many steps: in a run that chooses that by itself part of what islands remember alike.</content>
internal sealed partial class RunHistory
{
    private long _replayed;

    /// <summary>Whether the run chooses by itself what it merges, and when.</summary>
    public bool Changes { get; }

    /// <summary>What is merged in the current round, and after how many steps.</summary>
    public RunSchedule Schedule { get; private set; }

    /// <summary>What is merged in the current round.</summary>
    public SyncMode Mode => Schedule.Mode;

    /// <summary>What was merged in the last round.</summary>
    public SyncMode LastMode { get; private set; }

    /// <summary>The first round of the present mode; 0 where it never changed.</summary>
    public long Entered { get; private set; }

    /// <summary>Whether the mode changed with the current round.</summary>
    public bool JustEntered => Entered > 0 && Entered == Round;

    /// <summary>Who is in the last result, by place; kept where <see cref="Changes"/>.</summary>
    public ulong LastContributors { get; private set; }

    /// <summary>Hash of the optimizer's state that every trainer takes as the mode changes to every-step; 0 in other rounds, and before it is here.</summary>
    public ulong Seed { get; private set; }

    private int Every => Schedule.Every;

    /// <summary>The optimizer's state is here that every trainer goes on with.</summary>
    public void SeedWith(ulong hash) => Seed = hash;

    /// <summary>A round was committed: from the next one on <paramref name="next"/> holds, where it is given and anything is left.</summary>
    private void Turn(RunSchedule? next, ulong contributors, ulong members)
    {
        if (!Changes)
        {
            return;
        }

        (LastMode, LastContributors, Seed) = (Mode, contributors, 0);
        if (next is null || next == Schedule || Finished || Pipeline is { IsIdle: false } && next.Mode != SyncMode.Streaming)
        {
            return;
        }

        var streamed = Pipeline is not null;
        (Entered, Schedule, Leaving) = (next.Mode == Mode ? Entered : Round, streamed && next.Mode == SyncMode.Streaming ? next with { Every = Every } : next, null);
        if (streamed && Pipeline is not null && next.Mode == SyncMode.Streaming)
        {
            return;
        }

        // Norms of gradients say nothing of those of outer gradients, nor those of ten steps of those of a hundred.
        for (var part = 0; part < _parts; part++)
        {
            _norms[part] = new NormHistory();
        }

        Lay();
        DealAhead(members);
    }

    /// <summary>Begins or ends the pipeline, as what is merged wants it; where it ends, nothing is left in it.</summary>
    private void Lay()
    {
        _replayed = Replayed;
        Pipeline = Mode == SyncMode.Streaming ? new DealPipeline(_parts, Every) : null;
        Pipeline?.Clear(_replayed);
    }

    private void KeepSchedule(RunHistory before)
    {
        if (Changes)
        {
            (Schedule, LastMode, Entered, _replayed) = (before.Schedule, before.LastMode, before.Entered, before.Replayed);
            Lay();
        }
    }

    private void WriteSchedule(WireWriter writer)
    {
        if (Changes)
        {
            Write(writer, Schedule);
            writer.Byte((byte)LastMode);
            writer.Flag(Leaving is not null);
            if (Leaving is not null)
            {
                Write(writer, Leaving);
            }

            writer.Int64(Replayed);
            writer.Int64(Entered);
            writer.UInt64(LastContributors);
            writer.UInt64(Seed);
        }
    }

    private void ReadSchedule(ref WireReader reader)
    {
        if (Changes)
        {
            Schedule = ReadSchedule(ref reader, _parts);
            LastMode = ReadMode(ref reader);
            Leaving = reader.Flag() ? ReadSchedule(ref reader, 1) : null;
            _replayed = reader.Int64(0, long.MaxValue / 2);
            (Entered, LastContributors, Seed) = (reader.Int64(0, long.MaxValue - 2), reader.UInt64(), reader.UInt64());
            reader.Require(Leaving is null || Mode == SyncMode.Streaming);
            Lay();
        }
    }

    private static void Write(WireWriter writer, RunSchedule schedule)
    {
        writer.Byte((byte)schedule.Mode);
        writer.Int32(schedule.Every);
        writer.Int32(schedule.Delay);
    }

    private static RunSchedule ReadSchedule(ref WireReader reader, int parts)
    {
        var mode = ReadMode(ref reader);
        return new RunSchedule(mode, reader.Int32(mode == SyncMode.Streaming ? parts : 1, int.MaxValue), reader.Int32(0, int.MaxValue));
    }

    private static SyncMode ReadMode(ref WireReader reader)
    {
        var mode = (SyncMode)reader.Byte();
        return reader.Require(mode < SyncMode.Auto) ? mode : SyncMode.Diloco;
    }
}
