using Superfactory.Model.Agents;

namespace Superfactory.Sync.Merging;

/// <summary>
/// One island's side of the merge protocol as a deterministic state machine: no clock, socket, file or thread.
/// The same inputs in the same order give the same effects and the same bytes on every machine. Not safe for concurrent use.
/// </summary>
public sealed class MergeMachine
{
    /// <summary>A machine that knows its membership and nothing else.</summary>
    public MergeMachine(MergeConfiguration configuration) => Configuration = configuration;

    /// <summary>What it was told at its start.</summary>
    public MergeConfiguration Configuration { get; }

    /// <summary>How far the run is, as this island sees it.</summary>
    public RunProgress Progress { get; } = new();

    /// <summary>Takes one input and returns what is to be done, in order.</summary>
    public IReadOnlyList<MergeEffect> Handle(MergeInput input) => Configuration.Self < 0 ? throw new InvalidOperationException() : [];
}
