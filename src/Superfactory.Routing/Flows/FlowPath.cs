namespace Superfactory.Routing.Flows;

/// <summary>One way of one demand: links, each beginning where the one before ends, through no site twice. Immutable.</summary>
/// <param name="Demand">The demand, by its number.</param>
/// <param name="Links">The links by their numbers, from the sender on.</param>
internal sealed record FlowPath(int Demand, int[] Links)
{
    /// <summary>The sum of what each of its links costs.</summary>
    public double Cost(double[] costs)
    {
        var sum = 0.0;
        foreach (var link in Links)
        {
            sum += costs[link];
        }

        return sum;
    }
}
