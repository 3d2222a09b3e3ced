namespace Superfactory.Routing.Flows;

/// <summary>
/// Shortest ways from one site to all others (Dijkstra 1959), with a scan for the nearest site instead of a heap: on some twenty sites
/// nothing is faster. Among ways of the same length the lower numbers win. Not safe for several threads.
/// </summary>
internal sealed class ShortestPaths(Network network)
{
    private const int Unseen = -1;
    private const int Done = -2;

    private readonly double[] _distance = new double[network.Sites];
    private readonly int[] _arriving = new int[network.Sites];

    // The sites that were reached and not done yet, and how far each is; the place of each site among them, Unseen or Done.
    private readonly int[] _open = new int[network.Sites];
    private readonly double[] _openDistance = new double[network.Sites];
    private readonly int[] _place = new int[network.Sites];

    /// <summary>How far a site is from the source of the last search; infinite where no way leads there.</summary>
    public double Distance(int site) => _distance[site];

    /// <summary>Searches from <paramref name="source"/>; lengths of links are 0 or more.</summary>
    public void Search(int source, double[] lengths)
    {
        Array.Fill(_distance, double.PositiveInfinity);
        Array.Fill(_place, Unseen);
        (_distance[source], _arriving[source]) = (0, -1);
        (_open[0], _openDistance[0], _place[source]) = (source, 0, 0);
        var count = 1;
        var to = network.To;
        while (count > 0)
        {
            var site = TakeNearest(ref count);
            var reached = _distance[site];
            var end = network.FirstFrom(site + 1);
            for (var link = network.FirstFrom(site); link < end; link++)
            {
                var next = to[link];
                var distance = reached + lengths[link];
                if (distance < _distance[next] && _place[next] != Done)
                {
                    if (_place[next] == Unseen)
                    {
                        _place[next] = count;
                        _open[count++] = next;
                    }

                    _distance[next] = _openDistance[_place[next]] = distance;
                    _arriving[next] = link;
                }
            }
        }
    }

    /// <summary>The links from the source of the last search to a site that it reached.</summary>
    public int[] LinksTo(int site)
    {
        var count = 0;
        for (var link = _arriving[site]; link >= 0; link = _arriving[network.From[link]])
        {
            count++;
        }

        var links = new int[count];
        for (var link = _arriving[site]; link >= 0; link = _arriving[network.From[link]])
        {
            links[--count] = link;
        }

        return links;
    }

    private int TakeNearest(ref int count)
    {
        var distances = _openDistance.AsSpan(0, count);
        var (best, least) = (0, distances[0]);
        for (var index = 1; index < distances.Length; index++)
        {
            var distance = distances[index];
            if (distance < least || (distance == least && _open[index] < _open[best]))
            {
                (best, least) = (index, distance);
            }
        }

        var nearest = _open[best];
        _place[nearest] = Done;
        if (--count > best)
        {
            (_open[best], _openDistance[best]) = (_open[count], _openDistance[count]);
            _place[_open[best]] = best;
        }

        return nearest;
    }
}
