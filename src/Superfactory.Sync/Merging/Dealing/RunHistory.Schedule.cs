using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging.Defence;
using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Dealing;

/// <content>What is merged in a round, and after how many steps: in a run that chooses that by itself part of what islands remember alike.</content>
internal sealed partial class RunHistory
{
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
    private void Turn(RunSchedule? next, ulong contributors)
    {
        if (!Changes)
        {
            return;
        }

        (LastMode, LastContributors, Seed) = (Mode, contributors, 0);
        if (next is not null && next != Schedule && !Finished)
        {
            Entered = next.Mode == Mode ? Entered : Round;
            Schedule = next;

            // Norms of gradients say nothing of those of outer gradients, nor those of ten steps of those of a hundred.
            _norms[0] = new NormHistory();
        }
    }

    private void KeepSchedule(RunHistory before)
    {
        if (Changes)
        {
            (Schedule, LastMode, Entered) = (before.Schedule, before.LastMode, before.Entered);
        }
    }

    private void WriteSchedule(WireWriter writer)
    {
        if (Changes)
        {
            writer.Flag(Mode == SyncMode.EveryStep);
            writer.Flag(LastMode == SyncMode.EveryStep);
            writer.Int32(Every);
            writer.Int64(Entered);
            writer.UInt64(LastContributors);
            writer.UInt64(Seed);
        }
    }

    private void ReadSchedule(ref WireReader reader)
    {
        if (Changes)
        {
            var (mode, last) = (reader.Flag(), reader.Flag());
            Schedule = new RunSchedule(mode ? SyncMode.EveryStep : SyncMode.Diloco, reader.Int32(1, int.MaxValue));
            LastMode = last ? SyncMode.EveryStep : SyncMode.Diloco;
            (Entered, LastContributors, Seed) = (reader.Int64(0, long.MaxValue - 2), reader.UInt64(), reader.UInt64());
        }
    }
}
