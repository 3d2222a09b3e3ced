using System.Collections.Immutable;

namespace Superfactory.Scheduling.Pending;

/// <summary>Who waits beside a job that is told what it lacks. Immutable.</summary>
/// <param name="Own">Those of its queue that go before it, in order.</param>
/// <param name="Before">Those of other queues that go before it, of each queue in order.</param>
/// <param name="All">Says all of other queues, which may go before it at another time, of each queue in order.</param>
/// <param name="StartsBeside">Whether the job starts, as the fleet is when it is asked, while those of its queue wait on and keep what they claim.</param>
public sealed record WaitingBeside(ImmutableArray<GangRequest> Own, ImmutableArray<IReadOnlyList<GangRequest>> Before, Func<ImmutableArray<IReadOnlyList<GangRequest>>> All, Func<bool> StartsBeside);
