using Superfactory.Model.Wan;

namespace Superfactory.Routing.Tests.Oracle;

/// <summary>
/// The optimum by its definition, as a sequence of linear programs: the highest level that all demands of a class which are not settled can
/// have; then those that can have no more at that level are settled; and so on, class by class.
/// </summary>
internal sealed class MaxMinOracle
{
    private const double Mega = 1e6;

    // Of a rate: settled rates may be missed by this much, so that rounding does not make the next program infeasible.
    private const double Slack = 1e-10;

    // Megabytes per second: who can be raised by less cannot be raised.
    private const double Raised = 1e-5;

    private readonly WanLink[] _links;
    private readonly WanDemand[] _demands;
    private readonly double[] _capacity;
    private readonly double[] _wanted;

    private MaxMinOracle(WanLink[] links, WanDemand[] demands, double share)
    {
        (_links, _demands) = (links, demands);
        _capacity = Array.ConvertAll(links, link => link.BytesPerSecond / Mega * share);

        // What is wanted without limit is limited by what all links carry together.
        _wanted = Array.ConvertAll(demands, demand => demand.BytesPerSecond == WanDemand.Unlimited ? _capacity.Sum() + 1 : demand.BytesPerSecond / Mega);
    }

    /// <summary>The rate of each demand in bytes per second, not rounded.</summary>
    public static double[] Rates(WanProblem problem)
    {
        WanLink[] links = [.. problem.Links.Where(link => link.Up && link.BytesPerSecond > 0 && link.Loss < 1)];
        WanDemand[] demands = [.. problem.Demands];
        var floors = new double[demands.Length];
        TrafficClass[] classes = [.. demands.Where(demand => demand.BytesPerSecond > 0).Select(demand => demand.Class).Distinct().Order()];
        foreach (var trafficClass in classes.Skip(1).Where(trafficClass => problem.Floors.Of(trafficClass) > 0))
        {
            int[] members = [.. Enumerable.Range(0, demands.Length).Where(index => demands[index].Class == trafficClass)];
            var alone = new MaxMinOracle(links, [.. members.Select(index => demands[index])], problem.Floors.Of(trafficClass) / 1000.0);
            var rates = alone.Fill([.. Enumerable.Range(0, members.Length)], new double[members.Length], new double?[members.Length]);
            for (var member = 0; member < members.Length; member++)
            {
                floors[members[member]] = rates[member];
            }
        }

        var oracle = new MaxMinOracle(links, demands, 1);
        var settled = new double?[demands.Length];
        foreach (var trafficClass in classes)
        {
            int[] members = [.. Enumerable.Range(0, demands.Length).Where(index => demands[index].Class == trafficClass)];
            var rates = oracle.Fill(members, floors, settled);
            foreach (var member in members)
            {
                settled[member] = rates[member];
            }
        }

        return Array.ConvertAll(settled, rate => (rate ?? 0) * Mega);
    }

    /// <summary>The least sum of rate × delay with which links carry these rates, in bytes.</summary>
    public static double LeastUnderWay(WanProblem problem, IReadOnlyList<double> rates)
    {
        WanLink[] links = [.. problem.Links.Where(link => link.Up && link.BytesPerSecond > 0 && link.Loss < 1)];
        var flows = new FlowProgram(
            links, [.. links.Select(link => link.BytesPerSecond / Mega)], [.. problem.Demands], [.. rates.Select(rate => (rate / Mega * (1 - 1e-7), rate / Mega))], shortest: true);
        var values = flows.Program.Minimize();
        var first = flows.Rates.Length;
        return Enumerable.Range(first, values.Length - first).Sum(variable => values[variable] * FlowProgram.Delay(links[(variable - first) % links.Length])) * Mega / 1000;
    }

    private double[] Fill(int[] members, double[] floors, double?[] before)
    {
        var settled = before.ToArray();
        var open = members.Where(member => _wanted[member] > 0).ToHashSet();
        foreach (var member in members.Where(member => _wanted[member] <= 0))
        {
            settled[member] = 0;
        }

        while (open.Count > 0)
        {
            var highest = open.Min(member => _wanted[member]);
            var program = Program(floors, settled);
            var level = program.Program.Variable(0, highest, objective: 1);
            foreach (var member in open)
            {
                program.Program.Row([(1, program.Rates[member]), (-1, level)], ">=", 0);
            }

            var reached = program.Program.Maximize()[level];
            int[] done = reached >= highest * (1 - 1e-9) ? [.. open.Where(member => _wanted[member] <= highest)] : Blocked(floors, settled, open, reached);
            foreach (var member in done)
            {
                settled[member] = Math.Min(reached, _wanted[member]);
                open.Remove(member);
            }
        }

        return Array.ConvertAll(settled, rate => rate ?? 0);
    }

    // Whoever gets more in the program that gives the doubtful ones most of it is not blocked; asked until nobody gets more.
    private int[] Blocked(double[] floors, double?[] settled, HashSet<int> open, double level)
    {
        var doubtful = open.ToList();
        while (true)
        {
            var program = Program(floors, settled);
            var more = new Dictionary<int, int>();
            foreach (var member in open)
            {
                more[member] = program.Program.Variable(0, 1, objective: doubtful.Contains(member) ? 1 : 0);
                program.Program.Row([(1, program.Rates[member]), (-1, more[member])], ">=", level * (1 - Slack));
            }

            var values = program.Program.Maximize();
            if (doubtful.RemoveAll(member => values[more[member]] > Raised) == 0)
            {
                return doubtful.Count > 0 ? [.. doubtful] : throw new InvalidOperationException("A level is the highest, and everyone can be raised.");
            }
        }
    }

    private FlowProgram Program(double[] floors, double?[] settled) => new(
        _links, _capacity, _demands,
        [
            .. Enumerable.Range(0, _demands.Length).Select(index => settled[index] is { } rate
                ? (rate * (1 - Slack), rate)
                : (floors[index] * (1 - Slack), Math.Max(floors[index], _wanted[index]))),
        ]);
}
