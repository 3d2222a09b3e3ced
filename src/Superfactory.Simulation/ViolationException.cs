namespace Superfactory.Simulation;

/// <summary>A checker found that something does not hold which must.</summary>
public sealed class ViolationException : Exception
{
    /// <summary>A violation that says nothing.</summary>
    public ViolationException()
    {
    }

    /// <summary>A violation.</summary>
    /// <param name="message">What does not hold, in a sentence.</param>
    public ViolationException(string message)
        : base(message)
    {
    }

    /// <summary>A violation that something else led to.</summary>
    /// <param name="message">What does not hold, in a sentence.</param>
    /// <param name="innerException">What led to it.</param>
    public ViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
