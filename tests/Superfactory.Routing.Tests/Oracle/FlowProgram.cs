namespace Superfactory.Routing.Tests.Oracle;

/// <summary>
/// The flows that links allow, as a linear program on edges: one commodity for each sending site, which its demands leave where they
/// lead to. It knows nothing of paths. Numbers are megabytes per second.
/// </summary>
internal sealed class FlowProgram
{
    public FlowProgram(IReadOnlyList<WanLink> links, IReadOnlyList<double> capacity, IReadOnlyList<WanDemand> demands, IReadOnlyList<(double Low, double High)> rates, bool shortest = false)
    {
        Rates = [.. rates.Select(rate => Program.Variable(rate.Low, rate.High))];
        string[] sources = [.. demands.Select(demand => demand.From).Distinct()];
        string[] sites = [.. links.SelectMany(link => new[] { link.From, link.To }).Concat(sources).Concat(demands.Select(demand => demand.To)).Distinct()];
        var flow = sources.ToDictionary(source => source, _ => links.Select(link => Program.Variable(objective: shortest ? Delay(link) : 0)).ToArray());
        for (var link = 0; link < links.Count; link++)
        {
            Program.Row(sources.Select(source => (1.0, flow[source][link])), "<=", capacity[link]);
        }

        foreach (var source in sources)
        {
            foreach (var site in sites.Where(site => site != source))
            {
                var into = Enumerable.Range(0, links.Count).Where(link => links[link].To == site).Select(link => (1.0, flow[source][link]));
                var outOf = Enumerable.Range(0, links.Count).Where(link => links[link].From == site).Select(link => (-1.0, flow[source][link]));
                var taken = Enumerable.Range(0, demands.Count).Where(index => demands[index].From == source && demands[index].To == site).Select(index => (-1.0, Rates[index]));
                (double, int)[] terms = [.. into, .. outOf, .. taken];
                if (terms.Length > 0)
                {
                    Program.Row(terms, "=", 0);
                }
            }
        }
    }

    public LinearProgram Program { get; } = new();

    /// <summary>The variable of each demand's rate.</summary>
    public int[] Rates { get; }

    /// <summary>How long a byte is under way, in milliseconds: half the round trip and 1 ms for passing on, as often as it is sent.</summary>
    public static double Delay(WanLink link) => ((link.RoundTripMilliseconds / 2) + 1) / (1 - link.Loss);
}
