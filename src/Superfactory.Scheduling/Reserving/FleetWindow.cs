using Superfactory.Scheduling.Quotas;

namespace Superfactory.Scheduling.Reserving;

/// <summary>A time in which accelerators of a place are for one queue or some jobs alone, or for nobody: a great run, or maintenance. Immutable.</summary>
public sealed record FleetWindow
{
    /// <summary>
    /// Who would run into a window is let start before it nonetheless where so much is left until it begins, in milliseconds: an hour. It is saved and stopped in time, which costs it a minute or so; a fleet
    /// that is kept from whoever does not say how long it runs would lie idle for days.
    /// </summary>
    public const long WorthwhileMilliseconds = 3_600_000;

    /// <summary>Its number, once among all windows; from 1.</summary>
    public required long Id { get; init; }

    /// <summary>A site, floor, row or rack by its path, such as <c>wisconsin/f1/r3</c>; null for the whole fleet.</summary>
    public required string? Place { get; init; }

    /// <summary>How many accelerators; 0 for all that are there.</summary>
    public long Accelerators { get; init; }

    /// <summary>Whether it is of as many as there are where that is fewer; otherwise it is of none then.</summary>
    public bool OrFewer { get; init; }

    /// <summary>The only kind of hardware that it is of; null for every kind.</summary>
    public string? Hardware { get; init; }

    /// <summary>The queue whose jobs may use them; null where it is for some jobs, or for nobody.</summary>
    public string? Queue { get; init; }

    /// <summary>The first and the last number of the jobs that may use them; null where it is for a queue, or for maintenance, when nobody may.</summary>
    public (long First, long Last)? Jobs { get; init; }

    /// <summary>When it begins, in milliseconds since 1970.</summary>
    public required long FromMilliseconds { get; init; }

    /// <summary>When it is over.</summary>
    public required long UntilMilliseconds { get; init; }

    /// <summary>Who is in its way is stopped so long before it begins at the least, in milliseconds.</summary>
    public long NoticeMilliseconds { get; init; }

    /// <summary>Whether nobody may use it.</summary>
    internal bool IsForNobody => Queue is null && Jobs is null;

    /// <summary>Whether a job may use it.</summary>
    internal bool IsFor(QueueTree queues, string queue, long job) => Queue is { } own ? queues.IsUnder(queue, own) : Jobs is { } jobs && job >= jobs.First && job <= jobs.Last;

    /// <summary>Whether somebody who would run into it may start before it all the same.</summary>
    internal bool IsFar(GangRequest request, long now) => FromMilliseconds - now >= Math.Max(WorthwhileMilliseconds, request.MinimumRunMilliseconds);

    /// <summary>Whether it shares any time with another.</summary>
    internal bool Meets(FleetWindow other) => FromMilliseconds < other.UntilMilliseconds && other.FromMilliseconds < UntilMilliseconds;
}
