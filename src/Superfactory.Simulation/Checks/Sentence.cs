using System.Runtime.CompilerServices;

namespace Superfactory.Simulation.Checks;

/// <summary>What does not hold, put into words only where it does not: most of a schedule's time would go into sentences that nobody reads.</summary>
[InterpolatedStringHandler]
internal ref struct Sentence
{
    private readonly bool _wanted;
    private DefaultInterpolatedStringHandler _text;

    /// <summary>A sentence that is not begun.</summary>
    /// <param name="literals">Letters of it that do not change.</param>
    /// <param name="holes">Places for what does.</param>
    /// <param name="holds">Whether what it is about holds.</param>
    /// <param name="goesOn">Whether it is to be put into words.</param>
    public Sentence(int literals, int holes, bool holds, out bool goesOn)
    {
        goesOn = _wanted = !holds;
        _text = holds ? default : new DefaultInterpolatedStringHandler(literals, holes);
    }

    /// <summary>Adds letters.</summary>
    public void AppendLiteral(string letters) => _text.AppendLiteral(letters);

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    /// <summary>The sentence.</summary>
    public override string ToString() => _wanted ? _text.ToStringAndClear() : string.Empty;
}
