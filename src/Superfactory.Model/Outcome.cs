using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Superfactory.Model;

/// <summary>A value, or every problem that stands in its way. Immutable and safe to share between threads.</summary>
/// <typeparam name="T">What there is where nothing is wrong.</typeparam>
public sealed class Outcome<T>
    where T : class
{
    /// <summary>An outcome that holds a value.</summary>
    public Outcome(T value) => (Value, Problems) = (value, []);

    /// <summary>An outcome that holds at least one problem.</summary>
    /// <exception cref="ArgumentException">No problem was given.</exception>
    public Outcome(ImmutableArray<Problem> problems)
    {
        if (problems.IsDefaultOrEmpty)
        {
            throw new ArgumentException("An outcome without a value needs a problem.", nameof(problems));
        }

        Problems = problems;
    }

    /// <summary>The value; null where there are problems.</summary>
    public T? Value { get; }

    /// <summary>What is wrong, all of it; empty where there is a value.</summary>
    public ImmutableArray<Problem> Problems { get; }

    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool Succeeded => Value is not null;
}
