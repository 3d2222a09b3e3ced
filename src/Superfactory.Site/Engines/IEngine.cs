using Superfactory.Model;
using Superfactory.Site.Gangs;

namespace Superfactory.Site.Engines;

/// <summary>What starts gangs at a site: processes of this machine, or a cluster's workload manager. Implementations are thread-safe.</summary>
public interface IEngine
{
    /// <summary>Starts a gang.</summary>
    /// <param name="specification">The gang; its directories exist.</param>
    /// <param name="cancellationToken">Gives the attempt up; nothing is then left of it.</param>
    /// <returns>The gang, or why this site cannot start it.</returns>
    Task<Outcome<IGang>> StartAsync(GangSpecification specification, CancellationToken cancellationToken);

    /// <summary>Takes over the gangs that an agent before this one, which died, left running within their grace; and finds those that have ended.</summary>
    /// <param name="gangsDirectory">Where the site's gangs have their directories.</param>
    /// <param name="cancellationToken">Gives the attempt up.</param>
    Task<IReadOnlyList<OrphanedGang>> FindOrphansAsync(string gangsDirectory, CancellationToken cancellationToken);

    /// <summary>Ends what earlier agents of this site left behind, killed before they could do it themselves.</summary>
    /// <param name="gangsDirectory">Where the site's gangs have their directories.</param>
    /// <param name="adopted">The directories of gangs that were taken over and go on.</param>
    /// <param name="cancellationToken">Gives the attempt up.</param>
    /// <returns>One sentence for each gang that something was left of; or the first that cannot be ended.</returns>
    Task<Outcome<string[]>> EndLeftoversAsync(string gangsDirectory, IReadOnlySet<string> adopted, CancellationToken cancellationToken);
}

/// <summary>A gang of an earlier agent.</summary>
/// <param name="Specification">What it was started with.</param>
/// <param name="Gang">It, where it still runs and was taken over; otherwise null.</param>
/// <param name="Last">How it ended, where it said so.</param>
public sealed record OrphanedGang(GangSpecification Specification, IGang? Gang, GangEvent? Last);

/// <summary>A gang that an <see cref="IEngine"/> started. Thread-safe.</summary>
public interface IGang
{
    /// <summary>What happens in the gang, for one reader. The last event is one whose <see cref="GangEvent.IsLast"/> is true, and comes when no process of the gang is left.</summary>
    IAsyncEnumerable<GangEvent> ReadEventsAsync();

    /// <summary>Tells the gang of a new epoch. Once it has ended this does nothing.</summary>
    Task TellAsync(GangCommand decided);

    /// <summary>Stops the gang: it is asked first, and made to after a stated time. Returns when it is asked.</summary>
    Task StopAsync();
}
