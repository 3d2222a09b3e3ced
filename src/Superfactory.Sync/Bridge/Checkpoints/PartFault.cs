using Superfactory.Model;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>A part of a checkpoint is wrong: ends the reading of it, and never leaves <see cref="CheckpointLoader"/>.</summary>
internal sealed class PartFault : Exception
{
    public PartFault(Problem problem)
        : base(problem.Message) => Problem = problem;

    public PartFault(string message)
        : this(new Problem(message))
    {
    }

    public PartFault(string message, Exception innerException)
        : base(message, innerException) => Problem = new Problem(message);

    public PartFault()
        : this("A part of the checkpoint is wrong.")
    {
    }

    /// <summary>What is wrong, with its file.</summary>
    public Problem Problem { get; }
}
