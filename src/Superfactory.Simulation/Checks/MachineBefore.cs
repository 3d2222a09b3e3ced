using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Checks;

/// <summary>A machine before an input.</summary>
/// <param name="Round">The round that it worked on.</param>
/// <param name="Mode">What is merged in that.</param>
/// <param name="Initialised">Whether it held the run's state.</param>
/// <param name="Input">The input.</param>
/// <param name="Holds">Whether it keeps the round's result as a peer gave it, until the other lanes have theirs.</param>
/// <param name="Refusals">Contributions refused so far.</param>
internal readonly record struct MachineBefore(long Round, SyncMode Mode, bool Initialised, MergeInput Input, bool Holds, long Refusals);
