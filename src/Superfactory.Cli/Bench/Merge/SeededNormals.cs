using System.Numerics;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>
/// Normal numbers from a seed, the same on every machine and for any number of threads: xoshiro256++ (Blackman and Vigna 2019) and the
/// ziggurat of 128 layers (Marsaglia and Tsang 2000, with the tables as Doornik 2005 writes them).
/// </summary>
internal static class SeededNormals
{
    /// <summary>Elements that one generator gives; each block of an array has its own.</summary>
    public const int BlockElements = 1 << 18;

    private const int Layers = 128;
    private const double TailStart = 3.442619855899;
    private const double LayerArea = 9.91256303526217e-3;

    private static readonly double[] _edges = MakeEdges();
    private static readonly double[] _ratios = MakeRatios(_edges);

    /// <summary>Fills memory with numbers of mean 0 and deviation 1.</summary>
    /// <param name="destination">What is filled.</param>
    /// <param name="seed">The seed of the measurement.</param>
    /// <param name="island">Whose numbers.</param>
    /// <param name="merge">For which merge.</param>
    public static void Fill(Memory<float> destination, long seed, int island, int merge)
    {
        var blocks = (destination.Length + BlockElements - 1) / BlockElements;
        Parallel.For(0, blocks, block =>
        {
            var start = block * BlockElements;
            var length = Math.Min(BlockElements, destination.Length - start);
            var generator = new Generator([(ulong)seed, (ulong)island, (ulong)merge, (ulong)block]);
            foreach (ref var number in destination.Span.Slice(start, length))
            {
                number = (float)Next(ref generator);
            }
        });
    }

    private static double Next(ref Generator generator)
    {
        while (true)
        {
            var bits = generator.Next();
            var layer = (int)(bits & (Layers - 1));
            var place = (Unit(bits) * 2) - 1;
            if (Math.Abs(place) < _ratios[layer])
            {
                return place * _edges[layer];
            }

            if (layer == 0)
            {
                return Tail(ref generator, place < 0);
            }

            var x = place * _edges[layer];
            var upper = Math.Exp(-0.5 * ((_edges[layer] * _edges[layer]) - (x * x)));
            var lower = Math.Exp(-0.5 * ((_edges[layer + 1] * _edges[layer + 1]) - (x * x)));
            if (lower + (Unit(generator.Next()) * (upper - lower)) < 1)
            {
                return x;
            }
        }
    }

    private static double Tail(ref Generator generator, bool negative)
    {
        double x, y;
        do
        {
            x = Math.Log(1 - Unit(generator.Next())) / TailStart;
            y = Math.Log(1 - Unit(generator.Next()));
        }
        while (-2 * y < x * x);

        return negative ? x - TailStart : TailStart - x;
    }

    /// <summary>The upper 53 bits as a number from 0 up to, not including, 1.</summary>
    private static double Unit(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));

    private static double[] MakeEdges()
    {
        var edges = new double[Layers + 1];
        var density = Math.Exp(-0.5 * TailStart * TailStart);
        (edges[0], edges[1]) = (LayerArea / density, TailStart);
        for (var layer = 2; layer < Layers; layer++)
        {
            edges[layer] = Math.Sqrt(-2 * Math.Log((LayerArea / edges[layer - 1]) + density));
            density = Math.Exp(-0.5 * edges[layer] * edges[layer]);
        }

        return edges;
    }

    private static double[] MakeRatios(double[] edges)
    {
        var ratios = new double[Layers];
        for (var layer = 0; layer < Layers; layer++)
        {
            ratios[layer] = edges[layer + 1] / edges[layer];
        }

        return ratios;
    }

    /// <summary>xoshiro256++, seeded by SplitMix64 over several words.</summary>
    private struct Generator
    {
        private ulong _a;
        private ulong _b;
        private ulong _c;
        private ulong _d;

        public Generator(ReadOnlySpan<ulong> seeds)
        {
            var state = 0UL;
            foreach (var seed in seeds)
            {
                state = unchecked(Mix(state) + seed);
            }

            (_a, _b, _c, _d) = (Step(ref state), Step(ref state), Step(ref state), Step(ref state));
        }

        public ulong Next()
        {
            unchecked
            {
                var result = BitOperations.RotateLeft(_a + _d, 23) + _a;
                var shifted = _b << 17;
                _c ^= _a;
                _d ^= _b;
                _b ^= _c;
                _a ^= _d;
                _c ^= shifted;
                _d = BitOperations.RotateLeft(_d, 45);
                return result;
            }
        }

        private static ulong Step(ref ulong state)
        {
            state = unchecked(state + 0x9E3779B97F4A7C15);
            return Mix(state);
        }

        private static ulong Mix(ulong value)
        {
            unchecked
            {
                value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
                value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
                return value ^ (value >> 31);
            }
        }
    }
}
