using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;

namespace Superfactory.Sync.Tests.Arithmetic.Formats;

/// <summary>A format's passes at one width; what they are compared with is made by the definition alone.</summary>
internal interface IPasses
{
    byte[] Encoded(float[] values);

    float[] Decoded(float[] values);

    byte[] EncodedSum(float[] values, float[] residual);

    void DecodeAccumulate(float weight, byte[] encoded, float[] accumulator);

    void Mean(float firstWeight, byte[] first, float secondWeight, byte[] second, float[] mean);

    HeaderNumbers Measure(float[] values);

    HeaderNumbers MeasureSum(float[] values, float[] residual);

    HeaderNumbers MeasureEncoded(byte[] encoded, int count);

    void AdvanceResidual(float[] values, byte[] encoded, float[] residual);
}

/// <inheritdoc/>
internal sealed class Passes<TCodec>(VectorWidth width) : IPasses
    where TCodec : struct, INumberCodec
{
    private readonly CodecFormat<TCodec> _format = new();

    public byte[] Encoded(float[] values)
    {
        var encoded = new byte[_format.EncodedBytes(values.Length)];
        _format.Encode(values, encoded, VectorWidth.Scalar);
        return encoded;
    }

    public float[] Decoded(float[] values)
    {
        var decoded = new float[values.Length];
        _format.Decode(Encoded(values), decoded, VectorWidth.Scalar);
        return decoded;
    }

    public byte[] EncodedSum(float[] values, float[] residual)
    {
        var encoded = new byte[_format.EncodedBytes(values.Length)];
        _format.EncodeSum(values, residual, encoded, width);
        return encoded;
    }

    public void DecodeAccumulate(float weight, byte[] encoded, float[] accumulator) =>
        _format.DecodeAccumulate(weight, encoded, accumulator, width);

    public void Mean(float firstWeight, byte[] first, float secondWeight, byte[] second, float[] mean) =>
        _format.Mean(firstWeight, first, secondWeight, second, mean, width);

    public HeaderNumbers Measure(float[] values) => _format.Measure(values, default, width);

    public HeaderNumbers MeasureSum(float[] values, float[] residual) => _format.Measure(values, residual, width);

    public HeaderNumbers MeasureEncoded(byte[] encoded, int count) => _format.MeasureEncoded(encoded, count, width);

    public void AdvanceResidual(float[] values, byte[] encoded, float[] residual) =>
        _format.AdvanceResidual(values, encoded, residual, width);
}
