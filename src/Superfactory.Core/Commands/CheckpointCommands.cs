using System.Collections.Immutable;

namespace Superfactory.Core.Commands;

/// <summary>All copies of a job's checkpoints are to be verified.</summary>
/// <param name="Job">The job's number.</param>
public sealed record VerifyCheckpoints(long Job) : FactoryCommand;

/// <summary>A new job is to go on from a checkpoint of another, perhaps at other sites.</summary>
/// <param name="Job">The job that has the checkpoint.</param>
/// <param name="Checkpoint">The checkpoint's number; null takes the newest that can be used.</param>
/// <param name="Sites">The sites that each run one island; empty takes as many as <paramref name="SiteCount"/> says, or those of the job.</param>
/// <param name="SiteCount">How many sites, where any will do; 0 otherwise.</param>
public sealed record RestoreJob(long Job, long? Checkpoint, ImmutableArray<string> Sites, int SiteCount) : FactoryCommand;

/// <summary>A job is to go back to one of its checkpoints: model and ledger together. One that has ended goes on.</summary>
/// <param name="Job">The job's number.</param>
/// <param name="Checkpoint">The checkpoint's number.</param>
public sealed record RollBackJob(long Job, long Checkpoint) : FactoryCommand;

/// <summary>A job is to save and stop, the trainers' own state too.</summary>
/// <param name="Job">The job's number.</param>
/// <param name="WholeArray">Whether all elements of its array are meant.</param>
public sealed record HoldJob(long Job, bool WholeArray = false) : FactoryCommand;

/// <summary>A job that is, or is to be, held is to go on.</summary>
/// <param name="Job">The job's number.</param>
/// <param name="WholeArray">Whether all elements of its array are meant.</param>
public sealed record ReleaseJob(long Job, bool WholeArray = false) : FactoryCommand;
