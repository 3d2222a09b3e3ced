namespace Superfactory.Cli.Bench.Merge;

/// <summary>The tensors that are merged: as a decoder of some twenty layers has them, so that fragments cut through tensors of all sizes.</summary>
internal static class ModelSizes
{
    /// <summary>Elements of the whole ÷ elements of one square matrix: some twenty layers of twelve each.</summary>
    private const int Matrices = 256;

    /// <summary>Sizes in elements, together <paramref name="elements"/>; the last tensor is cut to fit.</summary>
    public static int[] Of(int elements)
    {
        var width = 16;
        while (4L * width * width * Matrices <= elements)
        {
            width *= 2;
        }

        var square = width * width;
        int[] layer = [width, square, square, square, square, width, 4 * square, 4 * square];
        var sizes = new List<int>();
        for (var rest = elements; rest > 0; rest -= sizes[^1])
        {
            sizes.Add(Math.Min(rest, layer[sizes.Count % layer.Length]));
        }

        return [.. sizes];
    }
}
