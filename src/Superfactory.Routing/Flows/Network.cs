namespace Superfactory.Routing.Flows;

/// <summary>
/// The links that carry something, numbered by sender and receiver in ordinal order of their names, so that the numbers do not depend on
/// the order of the input. Immutable.
/// </summary>
internal sealed class Network
{
    // A gateway that passes bytes on holds them for about this long; it makes the direct way win among equals.
    private const double RelayMilliseconds = 1;

    // Capacities are made smaller by up to this part, each by another, so that links do not fill at exactly the same time: ties make the
    // simplex method turn on the spot. 1e-10 of 100 Gbit/s is 1.25 bytes/s, which the rounding to whole bytes takes up.
    private const double Spread = 1e-10;

    private readonly int[] _first;

    public Network(WanProblem problem)
    {
        SiteNames = [.. problem.Sites.Order(StringComparer.Ordinal)];
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var site = 0; site < SiteNames.Length; site++)
        {
            numbers.Add(SiteNames[site], site);
        }

        Numbers = numbers;
        WanLink[] links =
        [
            .. problem.Links.Where(link => link.Up && link.BytesPerSecond > 0 && link.Loss < 1)
                .OrderBy(link => numbers[link.From]).ThenBy(link => numbers[link.To]),
        ];
        Unit = links.Length == 0 ? 1 : links.Max(link => link.BytesPerSecond);
        From = Array.ConvertAll(links, link => numbers[link.From]);
        To = Array.ConvertAll(links, link => numbers[link.To]);
        BytesPerSecond = Array.ConvertAll(links, link => link.BytesPerSecond);
        Delay = Array.ConvertAll(links, link => ((link.RoundTripMilliseconds / 2) + RelayMilliseconds) / (1 - link.Loss));
        Capacity = new double[links.Length];
        _first = new int[SiteNames.Length + 1];
        for (var link = 0; link < links.Length; link++)
        {
            Capacity[link] = BytesPerSecond[link] / Unit * (1 - (Spread * Fraction((ulong)link)));
            _first[From[link] + 1]++;
        }

        for (var site = 0; site < SiteNames.Length; site++)
        {
            _first[site + 1] += _first[site];
        }
    }

    /// <summary>The sites' names, in ordinal order.</summary>
    public string[] SiteNames { get; }

    /// <summary>The number of a site, by its name.</summary>
    public IReadOnlyDictionary<string, int> Numbers { get; }

    /// <summary>How many sites there are.</summary>
    public int Sites => SiteNames.Length;

    /// <summary>How many directed links there are.</summary>
    public int Links => From.Length;

    /// <summary>The sending site of each link; ascending.</summary>
    public int[] From { get; }

    /// <summary>The receiving site of each link.</summary>
    public int[] To { get; }

    /// <summary>What each link carries, as it was given.</summary>
    public long[] BytesPerSecond { get; }

    /// <summary>What each link carries, in <see cref="Unit"/>, 0 to 1.</summary>
    public double[] Capacity { get; }

    /// <summary>How long a byte is under way on each link, in milliseconds, sending again and passing on included; over 0.</summary>
    public double[] Delay { get; }

    /// <summary>What the largest link carries in bytes per second: the unit of all rates in the computation.</summary>
    public double Unit { get; }

    /// <summary>The first link that leaves a site; they end where the next site's begin. The number of sites gives the number of links.</summary>
    public int FirstFrom(int site) => _first[site];

    // Steele, Lea and Flood: Fast splittable pseudorandom number generators (OOPSLA 2014), the finalizer; its upper 53 bits as a fraction.
    private static double Fraction(ulong number)
    {
        unchecked
        {
            var mixed = (number + 1) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
