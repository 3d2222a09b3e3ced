using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling;

/// <summary>Why a job does not start, and what would let it: one of a closed set. Immutable.</summary>
public abstract record PendingReason
{
    private PendingReason()
    {
    }

    /// <summary>A sentence for people.</summary>
    public abstract override string ToString();

    private static string At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Accelerators are missing.</summary>
    /// <param name="Missing">How many more must be free in slices of the size that the job needs.</param>
    /// <param name="Hardware">Of which kind.</param>
    /// <param name="Domain">Where: a site, or a domain of one.</param>
    /// <param name="Within">What of a site they must share.</param>
    public sealed record Accelerators(long Missing, string Hardware, string Domain, Within Within = Within.Site) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"needs {Number(Missing)} more free {Hardware} in {(Within == Within.Site ? string.Empty : $"one {Within.ToString().ToLowerInvariant()} of ")}{Domain}";
    }

    /// <summary>The queue, or one above it, has borrowed as much as it may.</summary>
    /// <param name="Missing">How much more it would have to be allowed.</param>
    /// <param name="Queue">The queue whose limit it is.</param>
    /// <param name="Hardware">Of which kind.</param>
    public sealed record Quota(long Missing, string Queue, string Hardware) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"needs {Number(Missing)} more quota of {Hardware} on {Queue}";
    }

    /// <summary>What is free is kept for queues that do not lend it.</summary>
    /// <param name="Missing">How many more would have to be lent or free.</param>
    /// <param name="Hardware">Of which kind.</param>
    /// <param name="Queue">Which queue would have to lend them; null for any that keep some.</param>
    public sealed record Lending(long Missing, string Hardware, string? Queue = null) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => Queue is null ? $"needs {Number(Missing)} more {Hardware} that other queues lend" : $"needs {Queue} to lend {Number(Missing)} more {Hardware}";
    }

    /// <summary>A budget of power is too small.</summary>
    /// <param name="Watts">How many watts more.</param>
    /// <param name="Budget">Whose: a rack's, a row's or a site's by its path, or the fleet's.</param>
    public sealed record Power(long Watts, string Budget) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"needs {Number(Watts)} W more at {Budget}";
    }

    /// <summary>No route has room for the rate.</summary>
    /// <param name="BytesPerSecond">The rate that it needs.</param>
    /// <param name="From">From this site.</param>
    /// <param name="To">To this one.</param>
    public sealed record Wan(long BytesPerSecond, string From, string To) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"needs {Number(BytesPerSecond)} bytes/s from {From} to {To}";
    }

    /// <summary>Others of its queue go first.</summary>
    /// <param name="Job">The first of them, whose own reason holds them all up.</param>
    /// <param name="Before">How many go before it.</param>
    public sealed record Behind(long Job, int Before) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"waits behind {Number(Before)} of its queue, the first of them job {Job}";
    }

    /// <summary>Others of another queue, which goes first, would take what it needs.</summary>
    /// <param name="Queue">Their queue.</param>
    /// <param name="Job">The first of them.</param>
    /// <param name="Jobs">How many they are, in the order of their queue.</param>
    public sealed record After(string Queue, long Job, int Jobs) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"goes after {Number(Jobs)} of queue {Queue}, the first of them job {Job}";
    }

    /// <summary>A job that runs has to end: where nothing less would let it start.</summary>
    /// <param name="Job">The job that runs.</param>
    public sealed record Running(long Job) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"needs job {Job} to end");
    }

    /// <summary>It would fit, but would delay a start that is reserved for another.</summary>
    /// <param name="Job">The job that the start is reserved for; 0 where it is a window that an operator reserved.</param>
    /// <param name="AtMilliseconds">When that starts, in milliseconds since 1970.</param>
    /// <param name="Window">The number of the window; 0 for a job's start.</param>
    public sealed record Reserved(long Job, long AtMilliseconds, long Window = 0) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"would run into what is reserved for {(Job == 0 ? "a window" : string.Create(CultureInfo.InvariantCulture, $"job {Job}"))} from {At(AtMilliseconds)} on";
    }

    /// <summary>Gangs of a role have no place; nothing of the job starts without them.</summary>
    /// <param name="Name">The role.</param>
    /// <param name="Lacks">What these gangs lack beside all others of the job.</param>
    public sealed record Role(string Name, PendingReason Lacks) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"role {Name} {Lacks}";
    }

    /// <summary>It is not yet time.</summary>
    /// <param name="UntilMilliseconds">When it is, in milliseconds since 1970.</param>
    public sealed record Time(long UntilMilliseconds) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => $"starts at {At(UntilMilliseconds)} at the earliest";
    }

    /// <summary>Several things are lacking: with all of them, and nothing else, it starts.</summary>
    /// <param name="Needs">What is lacking, each another thing; none of them is of this kind.</param>
    public sealed record Several(ImmutableArray<PendingReason> Needs) : PendingReason
    {
        /// <summary>Domains of one kind that are named one by one; more of them are counted.</summary>
        public const int DomainsNamed = 4;

        /// <inheritdoc/>
        public override string ToString()
        {
            List<string> parts = [];
            foreach (var kind in Needs.OfType<Accelerators>().GroupBy(static need => need.Hardware))
            {
                parts.AddRange(kind.Count() <= DomainsNamed ? kind.Select(static need => need.ToString())
                    : [$"needs {Number(kind.Sum(static need => need.Missing))} more free {kind.Key} in {Number(kind.Count())} domains, {Number(kind.First().Missing)} of them in {kind.First().Domain}"]);
            }

            parts.AddRange(Needs.Where(static need => need is not Accelerators).Select(static need => need.ToString()));
            return string.Join(", and ", parts);
        }

        /// <inheritdoc/>
        public bool Equals(Several? other) => other is not null && Needs.SequenceEqual(other.Needs);

        /// <inheritdoc/>
        public override int GetHashCode() => Needs.Aggregate(0, static (hash, need) => HashCode.Combine(hash, need));
    }

    /// <summary>It fits nowhere even in the empty fleet, and is refused.</summary>
    /// <param name="What">What is wrong, and the nearest shape that would fit.</param>
    public sealed record Never(string What) : PendingReason
    {
        /// <inheritdoc/>
        public override string ToString() => What;
    }
}
